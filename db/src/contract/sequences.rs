//! What an insert needs beside the table: the sequences that its columns draw from.

use super::Prefix;
use crate::{
    scope::ScopeKind,
    sql::{do_block, literal},
};

/// The sequences that columns of a table own, identity columns included, or that their defaults draw from.
const SEQUENCES: &str = "
  SELECT s.oid::pg_catalog.regclass FROM pg_catalog.pg_class s WHERE s.relkind = 'S' AND s.oid IN (
    SELECT d.objid FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $table
    UNION
    SELECT d.refobjid FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = a.oid
    WHERE a.adrelid = $table AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  )";

impl Prefix {
    /// Returns the statement that lets the scopes that may insert into a table draw from its sequences. Any right on those
    /// beyond that goes: to read or set one tells of all tenants, or is felt by them.
    ///
    /// An identity column draws by itself, with nobody's rights. A default draws with those of whoever inserts. Other
    /// tables may draw from the same sequence: who may insert into any of them is asked of the catalog.
    ///
    /// `table` is SQL. To be run after the grants on the table.
    pub(super) fn grant_sequences(&self, table: &str) -> String {
        let quoted = |roles: Vec<String>| roles.iter().map(|role| literal(role)).collect::<Vec<_>>().join(", ");
        let all = ScopeKind::ALL.map(|scope| self.role(scope));
        let table = format!("{}::pg_catalog.regclass", literal(table));
        do_block(&format!(
            "DECLARE
               drawn pg_catalog.regclass;
               grantee name;
             BEGIN
               FOR drawn IN {sequences} LOOP
                 EXECUTE pg_catalog.format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, {to}', drawn);
                 FOREACH grantee IN ARRAY ARRAY[{roles}]::name[] LOOP
                   IF EXISTS (
                     SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid
                     WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = drawn
                       AND pg_catalog.has_any_column_privilege(grantee, a.adrelid, 'INSERT')
                   ) THEN
                     EXECUTE pg_catalog.format('GRANT USAGE ON SEQUENCE %s TO %I', drawn, grantee);
                   END IF;
                 END LOOP;
               END LOOP;
             END",
            sequences = SEQUENCES.replace("$table", &table),
            to = all.join(", "),
            roles = quoted(all.to_vec()),
        ))
    }
}
