//! A name is a name, whatever is in it.

use super::sample::{self, HOSTILE};

/// What the page makes of the hostile name.
const ESCAPED: &str = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&amp;\\u{1b}[31m\\u{202e}";

#[test]
fn a_hostile_name_is_text_in_the_page_and_its_picture() {
    let page = sample::hostile().to_html();
    assert!(!page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    assert!(!page.contains("\"'&"), "nothing ends an attribute");
    let (_, picture) = page.split_once("<svg").unwrap();
    let (picture, _) = picture.split_once("</svg>").unwrap();
    assert!(picture.contains(&format!("<title>public.plan_step{ESCAPED}, table: tenant")), "a table of the picture");
    assert!(picture.contains(&format!("plan_step_plan_id_fkey{ESCAPED}, public.plan_step{ESCAPED} (")), "a key");
    for text in [
        format!("<title>Audit of shop{ESCAPED}</title>"),
        format!("data-role=\"app_tenant{ESCAPED}\""),
        format!("title=\"organization_id{ESCAPED}\""),
        format!("</strong>a slug is in the address of a page, and so public{ESCAPED}"),
        format!("ALTER ROLE app_tenant NOBYPASSRLS{ESCAPED};"),
        format!("<dd class=\"mono\">name{ESCAPED}, email{ESCAPED}</dd>"),
    ] {
        assert!(page.contains(&text), "{text}");
    }
}

/// The only escapes are those of the colours.
#[test]
fn a_hostile_name_does_not_reach_the_terminal() {
    for (colour, escapes) in [(false, false), (true, true)] {
        let text = sample::hostile().to_text(colour, Some(100));
        assert_eq!(text.contains('\u{1b}'), escapes);
        assert!(!text.contains("\u{1b}[31m") && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("app_tenant<script>alert(1)</script>\"'&\\u{1b}[31m\\u{202e}"), "{text}");
    }
    assert!(HOSTILE.contains("\u{1b}[31m"), "the name has what is looked for");
}
