//! Runs a program on the database and on the model, and compares what they answer.

mod player;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use tokio::sync::Notify;

use self::player::Player;
use crate::{
    model::{Fault, Model},
    program::Program,
    world::World,
};

/// How often each operation was performed, and how often it failed as it should.
pub(crate) type Performed = BTreeMap<String, (usize, usize)>;

/// Runs a program, and says what differs, if anything does.
pub(crate) async fn run(world: &World, program: &Program, fault: Fault) -> Result<Performed, String> {
    let organizations = world.begin(program).await;
    let all = All {
        world,
        model: RefCell::new(Model::new(&organizations, &program.rows, fault)),
        turn: Cell::new(0),
        turned: Notify::new(),
        differs: RefCell::new(None),
        performed: RefCell::default(),
    };
    let [a, b, c] = [0, 1, 2].map(|tenant| {
        let steps = program.steps.iter().enumerate().filter(|(_, step)| step.tenant == tenant);
        let steps = steps.map(|(place, step)| (place, &step.action)).collect();
        Player { all: &all, organization: organizations[tenant].into(), tenant, steps: RefCell::new(steps) }
    });
    let _stopped = futures::join!(a.play(), b.play(), c.play());
    if let Some(differs) = all.differs.take() {
        return Err(differs);
    }
    for player in [a, b, c] {
        player.check_end().await?;
    }
    world.remember(organizations).await;
    Ok(all.performed.take())
}

/// What the tenants have in common: the database, the model, and whose turn it is.
struct All<'a> {
    world: &'a World,
    model: RefCell<Model>,
    /// The number of the next step.
    turn: Cell<usize>,
    turned: Notify,
    differs: RefCell<Option<String>>,
    performed: RefCell<Performed>,
}
