//! What runs once a context has committed.

use std::{
    pin::Pin,
    sync::{Mutex, PoisonError},
};

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// The hooks of one context, in the order in which they were registered.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<Vec<Hook>>);

impl Hooks {
    pub(crate) fn push<Fut: Future<Output = ()> + Send + 'static>(&self, f: impl FnOnce() -> Fut + Send + 'static) {
        // Nothing panics while the lock is held, so it is never poisoned.
        let mut hooks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.push(Box::new(move || Box::pin(f())));
    }

    pub(crate) fn len(&mut self) -> usize {
        self.hooks().len()
    }

    /// Drops the hooks after the first `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.hooks().truncate(len);
    }

    /// Runs them, one after the other.
    pub(crate) async fn run(self) {
        for hook in self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            hook().await;
        }
    }

    fn hooks(&mut self) -> &mut Vec<Hook> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
