//! A database that others are copied from.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Weak},
};

use tokio::sync::Mutex;

use crate::TestDatabase;

/// A database that is made once in a process, by the first who asks, and copied for each test: a copy takes less time
/// than a migration.
///
/// A copy has the prefix of the template, and its roles: a test that changes a role takes a database with roles of its own.
/// The template is dropped with its last copy; on a private server, with the server.
pub struct Template<T>(Mutex<Weak<Made<T>>>);

struct Made<T> {
    database: TestDatabase,
    value: T,
}

impl<T> fmt::Debug for Template<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

impl<T: Clone + Send + Sync + 'static> Template<T> {
    /// Makes none yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::const_new(Weak::new()))
    }

    /// Copies the template, which `make` makes where there is none, and returns what `make` said of it. Nobody may be
    /// connected to what it returns.
    pub async fn copy(&'static self, make: impl AsyncFnOnce() -> (TestDatabase, T)) -> (TestDatabase, T) {
        let template = self.made(make).await;
        let value = template.value.clone();
        let database = template.database.copy(Arc::clone(&template) as Arc<dyn Any + Send + Sync>).await;
        (database, value)
    }

    async fn made(&self, make: impl AsyncFnOnce() -> (TestDatabase, T)) -> Arc<Made<T>> {
        let mut present = self.0.lock().await;
        if let Some(template) = present.upgrade() {
            return template;
        }
        let (database, value) = make().await;
        let template = Arc::new(Made { database, value });
        *present = Arc::downgrade(&template);
        if template.database.is_private() {
            Box::leak(Box::new(Arc::clone(&template)));
        }
        template
    }
}

impl<T: Clone + Send + Sync + 'static> Default for Template<T> {
    fn default() -> Self {
        Self::new()
    }
}
