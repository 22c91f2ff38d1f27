//! A row has no column that its scope does not read.

use entity::own_account;

fn hash(account: own_account::Model) -> Option<String> {
    account.password
}

fn main() {}
