//! Tables are joined along relations that an entity declares.

use entity::{PersonalAccessToken, ResearchPlan};

fn plans() {
    let _select = ResearchPlan::find().left_join(PersonalAccessToken);
}

fn main() {}
