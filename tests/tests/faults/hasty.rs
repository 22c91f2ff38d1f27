//! Pools that do not wait for long. On a busy machine a connection takes longer to make than such a pool waits for one, so it
//! is asked again until it has its connections; what is to time out comes after that.

use std::time::Instant;

use db::{Db, DbOptions, IdentityContext};
use tests::PATIENCE;

/// Connects a pool, however long its first connection takes.
pub(crate) async fn connect(options: DbOptions) -> Db {
    let since = Instant::now();
    loop {
        match Db::connect(options.clone()).await {
            Ok(db) => return db,
            Err(error) => assert!(error.is_pool_timeout() && since.elapsed() < PATIENCE, "{error}"),
        }
    }
}

/// Connects a pool of so many connections, and makes all of them: from then on none is to be made.
pub(crate) async fn connect_whole(options: DbOptions, connections: u32) -> Db {
    let db = connect(options.max_connections(connections)).await;
    let mut contexts = Vec::new();
    for _ in 0..connections {
        contexts.push(open(&db).await);
    }
    for context in contexts {
        context.rollback().await.unwrap();
    }
    db
}

/// Opens a context, however long it takes to get a connection.
pub(crate) async fn open(db: &Db) -> IdentityContext {
    let since = Instant::now();
    loop {
        match db.identity().begin().await {
            Ok(context) => return context,
            Err(error) => assert!(error.is_pool_timeout() && since.elapsed() < PATIENCE, "{error}"),
        }
    }
}
