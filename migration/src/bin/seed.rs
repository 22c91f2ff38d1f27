//! Fills the database that `DATABASE_URL` names with two organizations. Running it again changes nothing.

use std::process::ExitCode;

use db::Db;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    dotenvy::dotenv().ok();
    match seed().await {
        Ok(seeded) => {
            eprintln!(
                "seeded {} organizations, {} members, {} research plans",
                seeded.organizations, seeded.members, seeded.plans
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("seed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn seed() -> db::Result<migration::seed::Seeded> {
    migration::seed::run(&Db::from_env().await?).await
}
