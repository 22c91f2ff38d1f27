//! How often each way waits for the network.

use std::{sync::Arc, thread};

use tests::Proxy;
use tokio::runtime;

use crate::{
    case::{Case, Way},
    link::{Link, Path},
    runner,
    world::{World, breathe},
};

/// How often a thing is done before it is counted: statements are prepared then.
const BEFORE: usize = 3;

/// Counts how often a thing waits for the network, in each way.
///
/// On a runtime of one thread, where a connection goes back to its pool, and is pinged, after what is counted.
pub(crate) fn count(world: &Arc<World>, case: &Case) -> Vec<(Way, u64)> {
    let (world, case) = (Arc::clone(world), case.clone());
    let counting = thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (host, port) = world.server();
            let proxy = Proxy::start(format!("{host}:{port}")).await;
            let path = Path { port: Some(proxy.port), connections: Some(1), ..Path::default() };
            let link = Link::new(&world, path).await;
            let mut counted = Vec::new();
            for (way, op) in &case.ways {
                for i in 0..BEFORE {
                    op(&link, i).await;
                }
                let before = settled(&proxy).await;
                op(&link, BEFORE).await;
                counted.push((*way, proxy.round_trips() - before));
                runner::clean(&case, &link).await;
            }
            counted
        })
    });
    counting.join().unwrap()
}

/// Waits until nothing goes over the wire.
async fn settled(proxy: &Proxy) -> u64 {
    let mut before = proxy.round_trips();
    loop {
        breathe().await;
        let now = proxy.round_trips();
        if now == before && proxy.is_answered() {
            return now;
        }
        before = now;
    }
}
