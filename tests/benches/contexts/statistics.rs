//! What many rounds say together.

use serde::Serialize;

/// The median, and the quartiles that half of the values are between.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) lower: f64,
    pub(crate) median: f64,
    pub(crate) upper: f64,
}

impl Spread {
    /// Returns the spread of some values, of which there is at least one.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self { lower: quartile(&values, 1), median: quartile(&values, 2), upper: quartile(&values, 3) }
    }

    /// Returns the spread of the ratios of two series, round by round.
    pub(crate) fn of_ratios(values: &[f64], of: &[f64]) -> Self {
        Self::of(values.iter().zip(of).map(|(value, of)| value / of))
    }

    /// Returns the spread of the differences of two series, round by round.
    pub(crate) fn of_differences(values: &[f64], less: &[f64]) -> Self {
        Self::of(values.iter().zip(less).map(|(value, less)| value - less))
    }
}

/// Returns a quartile of sorted values; between two of them, where it is between two.
fn quartile(sorted: &[f64], quarter: usize) -> f64 {
    let at = (sorted.len() - 1) * quarter;
    let (below, quarters) = (at / 4, at % 4);
    let value = sorted[below];
    let next = sorted.get(below + 1).copied().unwrap_or(value);
    value + (next - value) * [0.0, 0.25, 0.5, 0.75][quarters]
}
