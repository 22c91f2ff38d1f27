//! How the page looks.

/// The style sheet: no size below 14 pixels, colours by name for the light and the dark side, and a fold of the matrix
/// into blocks where the screen is narrow.
pub(super) const STYLE: &str = include_str!("style.css");
