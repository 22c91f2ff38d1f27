//! The entities of the application.
//!
//! Each table has a facade, such as [`ResearchPlan`], where queries start, and a module of the same name with
//! the parts of its rows. The SeaORM entities themselves are private to this crate.

mod authenticate;
mod bearer;
mod digest;
mod invitations;
mod members;
mod organizations;
mod orm;
mod plans;
mod secret;
mod sessions;
mod sign_up;
mod tokens;

pub use authenticate::authenticate;
pub use bearer::Bearer;
pub use digest::Digest;
pub use invitations::{
    NewInvitation, accept_invitation, decline_invitation, expire_invitations, invite, withdraw_invitation,
};
pub use members::{change_member_role, list_members, remove_member};
pub use organizations::organizations;
pub use orm::{
    account::{Account, own_account::OwnAccount},
    invitation::Invitation,
    member::Member,
    organization::Organization,
    personal_access_token::PersonalAccessToken,
    plan_step::PlanStep,
    research_plan::ResearchPlan,
    session::Session,
    user::{User, colleague::Colleague},
    verification::Verification,
};
pub use plans::{NewResearchPlan, add_plan_step, complete_research_plan, create_research_plan, move_plan_step};
pub use secret::Secret;
pub use sessions::{NewSession, authenticate_session, create_session, revoke_session, revoke_sessions, touch_session};
pub use sign_up::{NewOrganization, NewUser, create_organization, create_user};
pub use tokens::{authenticate_pat, create_pat, list_user_pats, revoke_pat};

macro_rules! rows {
    ($($(#[$doc:meta])* $table:ident $(:: $of:ident)? { $($part:ident),* })*) => {
        $(rows!(@ $(#[$doc])* [$table $($of)?] { $($part),* });)*
    };
    (@ $(#[$doc:meta])* [$table:ident] { $($part:ident),* }) => {
        $(#[$doc])*
        pub mod $table {
            pub use crate::orm::$table::{$($part),*};
        }
    };
    (@ $(#[$doc:meta])* [$table:ident $of:ident] { $($part:ident),* }) => {
        $(#[$doc])*
        pub mod $of {
            pub use crate::orm::$table::$of::{$($part),*};
        }
    };
}

rows! {
    /// The parts of a row of [`Account`].
    account { Column, Draft, Model, ModelEx, ScopeColumns, Writable }
    /// The parts of a row of [`OwnAccount`].
    account::own_account { Column, Model, ModelEx }
    /// The parts of a row of [`Colleague`].
    user::colleague { Column, Model, ModelEx }
    /// The parts of a row of [`Invitation`].
    invitation { Column, Draft, InvitationStatus, Model, ModelEx, ScopeColumns, Writable }
    /// The parts of a row of [`Member`].
    member { Column, Draft, MemberRole, Model, ModelEx, ScopeColumns, Writable }
    /// The parts of a row of [`Organization`].
    organization { Column, Draft, Model, ModelEx, ScopeColumns, Writable }
    /// The parts of a row of [`PersonalAccessToken`].
    personal_access_token { Column, Draft, Model, ModelEx, Writable }
    /// The parts of a row of [`PlanStep`].
    plan_step { Column, Draft, Model, ModelEx, StepStatus, Writable }
    /// The parts of a row of [`ResearchPlan`].
    research_plan { Column, Draft, Model, ModelEx, PlanStatus, Writable }
    /// The parts of a row of [`Session`].
    session { Column, Draft, Model, ModelEx, ScopeColumns, Writable }
    /// The parts of a row of [`User`].
    user { Column, Draft, Model, ModelEx, ScopeColumns, Writable }
    /// The parts of a row of [`Verification`].
    verification { Column, Draft, Model, ModelEx, Writable }
}
