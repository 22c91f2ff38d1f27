//! The page in a real browser: what is to be seen is there, and readable.

use std::path::PathBuf;

use db::{Registry, audit::Audit};
use serde_json::Value;
use tests::TestDatabase;

use super::{chromium::Chromium, sample};

/// The colours of the scopes, and of text, as the style sheet has them for the light side.
const SCOPES: [(&str, [u8; 3]); 3] =
    [("tenant", [0x25, 0x63, 0xeb]), ("user", [0x0f, 0x76, 0x6e]), ("identity", [0x7c, 0x3a, 0xed])];
const INK: [u8; 3] = [0x17, 0x20, 0x33];

const DESKTOP: u32 = 1280;
const PHONE: u32 = 360;

/// Starts a browser, or says that there is none.
fn browser() -> Option<Chromium> {
    let browser = Chromium::start();
    assert!(browser.is_some() || std::env::var_os("CI").is_none(), "CI installs Chromium, and it is not there");
    if browser.is_none() {
        eprintln!("SKIPPED: no Chromium is installed, so nobody has looked at the page");
    }
    browser
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Opens a page, takes a picture of it, and returns what is wrong with it.
fn faults(browser: &mut Chromium, name: &str, page: &str, width: u32, dark: bool) -> Vec<String> {
    let path = file(&format!("{name}.html"));
    std::fs::write(&path, page).unwrap();
    browser.open(&path, width, dark);
    let seen = browser.evaluate(include_str!("look.js"));
    let png = browser.screenshot();
    let side = if dark { "-dark" } else { "" };
    std::fs::write(file(&format!("{name}-{width}{side}.png")), &png).unwrap();

    let mut faults: Vec<_> = browser.errors().into_iter().map(|error| format!("error: {error}")).collect();
    faults.extend(browser.requests().into_iter().skip(1).map(|url| format!("request: {url}")));
    if seen["scrollWidth"].as_u64() > Some(width.into()) {
        faults.push(format!("scrolls: the page is {} pixels wide", seen["scrollWidth"]));
    }
    for fault in ["wide", "small", "pale"] {
        for element in seen[fault].as_array().unwrap() {
            faults.push(format!("{fault}: {element}"));
        }
    }
    for part in ["matrix", "svg"] {
        if seen[part]["width"].as_f64().unwrap_or_default() < 100.0 || seen[part]["height"].as_f64().unwrap() < 100.0 {
            faults.push(format!("invisible: {part}"));
        }
    }
    if !dark {
        faults.extend(blank(&png, &seen, width));
    }
    faults
}

/// Says what is not to be seen in the picture of a page.
fn blank(png: &[u8], seen: &Value, width: u32) -> Vec<String> {
    let image = Image::decode(png);
    let mut faults = Vec::new();
    let missing: Vec<_> = SCOPES.iter().filter(|(_, colour)| image.count(&seen["picture"], *colour) < 100).collect();
    // A phone shows a part of the picture, and the rest as one moves it.
    if missing.len() == SCOPES.len() || (width == DESKTOP && !missing.is_empty()) {
        faults.push(format!("blank: {missing:?} not in the picture"));
    }
    if image.count(&seen["matrix"], INK) < 1000 {
        faults.push("blank: no text in the matrix".to_owned());
    }
    faults
}

struct Image {
    width: usize,
    pixels: Vec<u8>,
    channels: usize,
}

impl Image {
    fn decode(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(frame.bit_depth, png::BitDepth::Eight);
        Self { width: frame.width as usize, pixels, channels: frame.color_type.samples() }
    }

    /// Counts the pixels of a colour in a box.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels are few, and not negative")]
    fn count(&self, area: &Value, colour: [u8; 3]) -> usize {
        let side = |name: &str| area[name].as_f64().unwrap_or_default().max(0.0) as usize;
        let (left, top) = (side("left"), side("top"));
        let right = (left + side("width")).min(self.width);
        let rows = self.pixels.chunks(self.width * self.channels).skip(top).take(side("height"));
        let within = rows.flat_map(|row| row.chunks(self.channels).take(right).skip(left));
        within.filter(|pixel| pixel[..3] == colour).count()
    }
}

#[test]
fn the_matrix_and_the_picture_are_seen_on_a_desk_and_on_a_phone() {
    let Some(mut browser) = browser() else { return };
    let pages = [
        ("clean", sample::clean()),
        ("faulty", sample::faulty()),
        ("hostile", sample::hostile()),
        ("large", sample::large(200)),
    ];
    for (name, report) in pages {
        let page = report.to_html();
        // Colours are the same in a large one.
        let dark = if name == "large" { 0 } else { 2 };
        for (width, dark) in
            [(DESKTOP, false), (PHONE, false), (DESKTOP, true), (PHONE, true)].into_iter().take(2 + dark)
        {
            let faults = faults(&mut browser, name, &page, width, dark);
            assert!(faults.is_empty(), "{name} at {width}: {faults:#?}");
        }
    }
}

/// A real audit, of a database with a table of a hostile name that everybody reads.
#[tokio::test]
async fn a_real_audit_is_seen_as_well() {
    let Some(mut browser) = browser() else { return };
    let database = TestDatabase::new().await;
    let (migrator, connection) = (database.migrator(), database.migration_connection(&database.owner_url()).await);
    let registry = Registry::collect();
    let audit = Audit::new(&registry).contract(migrator.contract());
    let page = audit.run(&connection).await.unwrap().to_html();
    assert!(page.contains("Nothing was found.") && page.contains("personal_access_token"), "the application's own");
    for width in [DESKTOP, PHONE] {
        let faults = faults(&mut browser, "own", &page, width, false);
        assert!(faults.is_empty(), "{width}: {faults:#?}");
    }

    let name = format!("\"{}\"", sample::HOSTILE.replace('"', "\"\""));
    let reader = database.role("tenant");
    database.execute(&format!("CREATE TABLE {name} ({name} uuid, organization_id uuid)")).await;
    database.execute(&format!("GRANT SELECT ({name}) ON {name} TO {reader}")).await;
    database
        .execute(&format!("CREATE VIEW plans AS SELECT * FROM research_plan; GRANT SELECT ON plans TO {reader}"))
        .await;
    database.execute("ALTER TABLE plan_step DROP CONSTRAINT plan_step_pkey CASCADE").await;
    let report = audit.run(&connection).await.unwrap();
    assert!(report.findings.iter().any(|finding| finding.object.to_string().contains(sample::HOSTILE)), "{report}");
    for width in [DESKTOP, PHONE] {
        let faults = faults(&mut browser, "real", &report.to_html(), width, false);
        assert!(faults.is_empty(), "{width}: {faults:#?}");
    }
    connection.close().await.unwrap();
}

/// The look finds what is wrong, one fault at a time.
#[test]
fn a_page_with_a_fault_is_found_out() {
    let Some(mut browser) = browser() else { return };
    let page = sample::clean().to_html();
    assert!(faults(&mut browser, "control", &page, PHONE, false).is_empty());
    let unbound = page.replacen("Content-Security-Policy", "x-none", 1);
    let with = |page: &str, more: &str| page.replacen("</body>", &format!("{more}</body>"), 1);
    let wide = "<div style='position:fixed;left:0;width:900px'>wide</div>";
    let cases = [
        (with(&unbound, "<script>throw new Error('on purpose')</script>"), "error: "),
        (with(&page, "<script>alert(1)</script>"), "error: "),
        (with(&unbound, "<img src='absent.png'>"), "request: "),
        (page.replacen("</style>", ".picture{display:none}</style>", 1), "invisible: svg"),
        (page.replacen("</style>", ".picture svg{visibility:hidden}</style>", 1), "invisible: svg"),
        (page.replacen("</style>", ".picture svg *{fill:none}</style>", 1), "blank: "),
        (page.replacen("</style>", ".matrix{display:none}</style>", 1), "invisible: matrix"),
        (page.replacen("</style>", ".matrix *{opacity:0}</style>", 1), "blank: no text in the matrix"),
        (with(&page, wide), "wide: "),
        (with(&page, "<div style='width:900px'>wide</div>"), "scrolls: "),
        (with(&page, "<p style='font-size:13px'>small</p>"), "small: "),
        (with(&page, "<p style='color:#999;background:#fff'>pale</p>"), "pale: "),
    ];
    for (page, fault) in cases {
        let faults = faults(&mut browser, "control", &page, PHONE, false);
        assert!(faults.iter().any(|found| found.starts_with(fault)), "{fault}: {faults:?}");
    }
}
