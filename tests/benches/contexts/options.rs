//! What the program is told.

use std::process::exit;

const USAGE: &str = "\
cargo bench -p tests --bench contexts -- [options]

  --only TEXT   measure what has this text in its name, as `section: name`
  --rounds N    so many rounds of each, instead of the number that each takes by default
  --quick       see that all of it runs; the figures mean little
  --growth      also see how the cost grows with tenants, rows, partitions and tables (long)
  --plans       also explain the queries of the guide
  --json        print one JSON document, and no tables";

/// What the program is told.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) quick: bool,
    pub(crate) growth: bool,
    pub(crate) plans: bool,
    rounds: Option<usize>,
    only: Option<String>,
}

impl Options {
    /// Reads the arguments; says what there is, and ends, where one is unknown.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => options.json = true,
                "--quick" => options.quick = true,
                "--growth" => options.growth = true,
                "--plans" => options.plans = true,
                "--only" => options.only = Some(arguments.next().unwrap_or_else(|| usage("--only takes a text"))),
                "--rounds" => {
                    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).filter(|rounds| *rounds > 0);
                    options.rounds = Some(rounds.unwrap_or_else(|| usage("--rounds takes a number above 0")));
                }
                "--help" => {
                    println!("{USAGE}");
                    exit(0);
                }
                // Cargo says this to every benchmark.
                "--bench" => {}
                unknown => usage(&format!("`{unknown}` is unknown")),
            }
        }
        options
    }

    /// Returns whether something is to be measured.
    pub(crate) fn wants(&self, section: &str, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| format!("{section}: {name}").contains(only))
    }

    /// Returns how many rounds there are of what takes so many by default.
    pub(crate) fn rounds(&self, by_default: usize) -> usize {
        self.rounds.unwrap_or(if self.quick { by_default.min(3) } else { by_default })
    }
}

fn usage(why: &str) -> ! {
    eprintln!("{why}\n\n{USAGE}");
    exit(2)
}
