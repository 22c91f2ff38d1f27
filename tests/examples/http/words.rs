//! Words of the database, as the service writes them.

/// Makes an enum that is written in snake case, and taken to and from one of an entity.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident of $of:path { $($variant:ident),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name {
            $($variant),*
        }

        impl From<$of> for $name {
            fn from(of: $of) -> Self {
                use $of as Of;
                match of {
                    $(Of::$variant => Self::$variant),*
                }
            }
        }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$variant => Self::$variant),*
                }
            }
        }
    };
}

words! {
    /// How far a plan has come.
    PlanStatus of entity::research_plan::PlanStatus { Planning, Executing, AwaitingReview, Stalled, Completed, Failed }
}

words! {
    /// How far a step has come.
    StepStatus of entity::plan_step::StepStatus { Pending, Running, Completed, Failed, Skipped }
}

words! {
    /// What a member may do.
    Role of entity::member::MemberRole { Owner, Admin, Member }
}
