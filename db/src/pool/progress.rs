//! How far a long run has come, on a terminal.

/// A progress bar, where the feature `progress` is on and standard error is a terminal; nothing elsewhere. It goes
/// away with the run.
pub(crate) struct Progress {
    #[cfg(feature = "progress")]
    bar: Option<indicatif::ProgressBar>,
}

#[cfg(feature = "progress")]
impl Progress {
    pub(crate) fn start(reason: &str) -> Self {
        use std::io::IsTerminal;

        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = indicatif::ProgressBar::new_spinner();
            // How many organizations there will be is not known: they come as a stream.
            if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {prefix}: {pos} organizations {msg}")
            {
                bar.set_style(style);
            }
            bar.set_prefix(reason.to_owned());
            bar
        });
        Self { bar }
    }

    pub(crate) fn show(&self, done: usize, failed: usize) {
        if let Some(bar) = &self.bar {
            if failed > 0 {
                bar.set_message(format!("({failed} failed)"));
            }
            bar.set_position(u64::try_from(done + failed).unwrap_or(u64::MAX));
        }
    }
}

#[cfg(feature = "progress")]
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(not(feature = "progress"))]
#[expect(clippy::unused_self, reason = "without the feature there is nothing to show")]
impl Progress {
    pub(crate) fn start(_reason: &str) -> Self {
        Self {}
    }

    pub(crate) fn show(&self, _done: usize, _failed: usize) {}
}
