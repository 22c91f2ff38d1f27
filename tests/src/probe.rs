//! A check in every entry function, of what another context has left behind.

use sea_orm::sqlx::{self, Connection};

use crate::TestDatabase;

impl TestDatabase {
    /// Makes every entry function check, before it does anything, that it was called as the login role, in a transaction
    /// that began with this very message, and with no setting or cursor left from another; a context is not opened
    /// otherwise, with an error whose SQLSTATE is XX001. Then it sleeps for so many seconds, an expression, so that there
    /// is time to cancel it.
    pub async fn probe_entry_functions(&self, sleep: &str) {
        let schema = &self.prefix;
        self.execute(&format!(
            "CREATE FUNCTION {schema}.probe() RETURNS void LANGUAGE plpgsql AS $$
             BEGIN
               IF current_setting('role') <> 'none' THEN
                 RAISE 'left behind: role %', current_setting('role') USING ERRCODE = 'XX001';
               END IF;
               IF transaction_timestamp() <> statement_timestamp() THEN
                 RAISE 'left behind: a transaction' USING ERRCODE = 'XX001';
               END IF;
               IF concat(current_setting('{schema}.organization_id', true), current_setting('{schema}.user_id', true),
                         current_setting('{schema}.member_role', true), current_setting('{schema}.identity', true)) <> '' THEN
                 RAISE 'left behind: a setting' USING ERRCODE = 'XX001';
               END IF;
               IF EXISTS (SELECT FROM pg_cursors) THEN
                 RAISE 'left behind: a cursor' USING ERRCODE = 'XX001';
               END IF;
               PERFORM pg_sleep({sleep});
             END $$;"
        ))
        .await;
        let mut owner = self.owner().await;
        let sql = "SELECT pg_get_functiondef(oid) FROM pg_proc
                   WHERE pronamespace = $1::regnamespace AND proname LIKE 'enter_%'";
        let entry_functions: Vec<String> = sqlx::query_scalar(sql).bind(schema).fetch_all(&mut owner).await.unwrap();
        owner.close().await.unwrap();
        assert_eq!(entry_functions.len(), 4);
        for entry_function in entry_functions {
            self.execute(&entry_function.replacen("BEGIN\n", &format!("BEGIN\nPERFORM {schema}.probe();\n"), 1)).await;
        }
    }
}
