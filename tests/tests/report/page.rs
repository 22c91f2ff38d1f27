//! The report as a page, as text; [`browser`](super::browser) looks at it.

use std::time::Instant;

use tests::PATIENCE;

use super::sample;

fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    page.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test]
fn the_same_report_gives_the_same_page() {
    for report in [sample::faulty(), sample::large(200)] {
        assert_eq!(report.to_html(), report.clone().to_html());
    }
}

#[test]
fn the_page_loads_nothing_and_says_so() {
    let page = sample::faulty().to_html();
    assert!(
        page.contains(
            "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\""
        )
    );
    for loads in ["<script", "<link", "<img", "<iframe", "src=", "url(", "@import", "onclick"] {
        assert!(!page.contains(loads), "{loads}");
    }
}

/// A click selects all of it, so it has to run as it is.
#[test]
fn the_repair_is_statements_that_can_be_pasted() {
    let page = sample::faulty().to_html();
    let repairs: Vec<_> = page.split("<pre tabindex=\"0\"><code>").skip(1).collect();
    assert_eq!(repairs.len(), 4, "what is to be decided is no statement");
    assert!(repairs[1].starts_with(
        "BEGIN;\nALTER TABLE public.plan_step ENABLE ROW LEVEL SECURITY;\nALTER TABLE public.plan_step FORCE ROW LEVEL SECURITY;\nCOMMIT;\n</code>"
    ));
    assert!(repairs[2].contains("plan_step_plan_id_fkey;\nCOMMIT;\n</code>"), "one that has its own has no second");
    assert!(page.contains("<li>take the tables out of it, or know who subscribes</li>"));
}

/// Rows that nothing holds back are red where the entity does not say so, and not where it does.
#[test]
fn the_matrix_tells_what_is_open_from_what_is_meant_to_be() {
    let open = |page: &str| page.matches("class=\"open\"").count();
    assert_eq!(open(&sample::clean().to_html()), 0, "sign-in reads all rows of its tables");
    let page = sample::faulty().to_html();
    assert_eq!(open(&page), 3);
    let row = between(&page, "<span class=\"mono strong\">plan_step</span>", "</tr>");
    assert!(
        row.contains("no RLS") && row.contains("<span class=\"rows bad\">all rows: row-level security is off</span>"),
        "{row}"
    );
    assert!(row.contains("title=\"UPDATE: 2 of 8 columns\"") && row.contains("name, email"), "{row}");
    let row = between(&page, "<span class=\"mono strong\">research_plan</span>", "</tr>");
    assert!(row.contains("not forced") && row.contains("TRUNCATE"), "{row}");
}

#[test]
fn the_picture_has_each_table_once_and_each_key_as_it_is() {
    let page = sample::faulty().to_html();
    let picture = between(&page, "<svg", "</svg>");
    assert!(picture.contains("<title id=\"picture-title\">") && picture.contains("<desc id=\"picture-desc\">"));
    assert_eq!(picture.matches("<g class=\"table\"").count(), 11);
    assert_eq!(picture.matches("<g class=\"key unsound\">").count(), 2);
    assert_eq!(picture.matches("<g class=\"key\">").count(), 8);
    let organization = between(picture, "<title>public.organization,", "</g>");
    for scope in ["tenant", "user", "identity"] {
        assert!(organization.contains(&format!("band scope-{scope}")), "{organization}");
    }
    assert!(
        between(picture, "<title>public.plan_step,", "</g></g>")
            .contains("<title>2 findings, the worst: error</title>")
    );
}

/// No table covers another, and no line leaves the picture.
#[test]
fn two_hundred_tables_are_drawn_apart() {
    let page = sample::large(200).to_html();
    let picture = between(&page, "<svg", "</svg>");
    let number = |text: &str| text.parse::<usize>().unwrap();
    let (width, height) = (number(between(picture, " width=\"", "\"")), number(between(picture, " height=\"", "\"")));
    let mut places: Vec<(usize, usize)> = Vec::new();
    for part in picture.split("<g class=\"table\" transform=\"translate(").skip(1) {
        let (x, y) = part.split_once(')').unwrap().0.split_once(' ').unwrap();
        let (x, y, own) = (number(x), number(y), number(between(part, "width=\"", "\"")));
        assert!(x + own <= width && y + 58 <= height);
        assert!(places.iter().all(|(left, top)| left.abs_diff(x) >= own || top.abs_diff(y) >= 58), "{x} {y}");
        places.push((x, y));
    }
    assert_eq!(places.len(), 200);
}

#[test]
fn two_thousand_tables_are_no_wait() {
    let report = sample::large(2000);
    let since = Instant::now();
    let page = report.to_html();
    assert!(page.contains("table_1999"));
    assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
}

#[test]
fn no_table_at_all_is_a_page_too() {
    let mut report = sample::clean();
    report.tables.clear();
    report.foreign_keys.clear();
    let page = report.to_html();
    assert!(page.contains("Nothing was found.") && page.contains("<svg"));
}
