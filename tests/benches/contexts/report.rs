//! What was measured: tables for a reader, one document to be kept.

use serde::Serialize;

use crate::{machine::Machine, plans::Explained, runner::Compared, statistics::Spread};

/// All that was measured. Printed as it comes, or at the end as a JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(skip)]
    json: bool,
    machine: Machine,
    /// What the network that is made adds to a round trip, in µs.
    network_adds: Option<f64>,
    compared: Vec<Compared>,
    plans: Vec<Explained>,
}

impl Report {
    pub(crate) fn new(machine: Machine, json: bool) -> Self {
        if !json {
            machine.print();
            println!("medians of interleaved rounds; of ratios, the quartiles in brackets");
        }
        Self { json, machine, network_adds: None, compared: Vec::new(), plans: Vec::new() }
    }

    /// Says what the network that is made adds to a round trip, in µs.
    pub(crate) fn network(&mut self, adds: f64) {
        if !self.json {
            println!("\nthe network that is made adds {adds:.0} µs to a round trip");
        }
        self.network_adds = Some(adds);
    }

    /// Adds what was compared.
    pub(crate) fn compared(&mut self, compared: Compared) {
        if !self.json {
            let begins = self.compared.last().is_none_or(|last| last.section != compared.section);
            if begins {
                println!("\n== {} ({})", compared.section, compared.unit);
                println!("{:<14} {:>12} {:>24} {:>24} {:>12}", "", "median", "of bare", "of by hand", "round trips");
            }
            print(&compared);
        }
        self.compared.push(compared);
    }

    /// Adds the plan of a query.
    pub(crate) fn explained(&mut self, explained: Explained) {
        if !self.json {
            if self.plans.is_empty() {
                println!("\n== plans");
            }
            explained.print();
        }
        self.plans.push(explained);
    }

    /// Prints the document, where that was asked for.
    pub(crate) fn end(self) {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&self).unwrap());
        }
    }
}

fn print(compared: &Compared) {
    println!("{} ({} rounds of {})", compared.name, compared.rounds, compared.times);
    for way in &compared.ways {
        let [bare, by_hand] = [way.of_bare, way.of_by_hand].map(|of| of.map(ratio).unwrap_or_default());
        let trips = way.round_trips.map(|trips| trips.to_string()).unwrap_or_default();
        println!("  {:<12} {:>12.0} {bare:>24} {by_hand:>24} {trips:>12}", way.way.name(), way.value.median);
    }
    if let Some(Spread { lower, median, upper }) = compared.seal {
        println!("  {:<12} {median:>12.1}   ({lower:.1} to {upper:.1})", "the seal's");
    }
}

fn ratio(Spread { lower, median, upper }: Spread) -> String {
    format!("{median:.2} ({lower:.2} to {upper:.2})")
}
