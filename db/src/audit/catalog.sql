-- All that an audit looks at, as one document: one statement, so one snapshot. Run with `search_path = pg_catalog`, so that
-- every name which PostgreSQL writes has its schema. `$roles$` are the names of the login and scope roles, `$login$` that of the
-- login role, `$schema$` that of the contract's schema, as SQL.
WITH RECURSIVE request AS (
  SELECT oid FROM pg_roles WHERE rolname = ANY ($roles$::text[])
), reach AS (
  -- Those that the login role or a scope role is in, in whatever way; whether it has their rights is looked at afterwards.
  SELECT oid FROM request UNION SELECT m.roleid FROM pg_auth_members m JOIN reach r ON r.oid = m.member
), grantee AS (
  SELECT oid FROM reach UNION ALL SELECT 0::oid
), namespace AS (
  SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
  WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
), extended AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relation AS (
  SELECT c.*, n.nspname FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
), policy AS (
  SELECT p.* FROM pg_policy p JOIN relation c ON c.oid = p.polrelid
), asked AS (
  SELECT d.objid AS policy, array_agg(DISTINCT d.refobjid::int8) AS functions
  FROM pg_depend d JOIN policy p ON p.oid = d.objid
  WHERE d.classid = 'pg_policy'::regclass AND d.refclassid = 'pg_proc'::regclass
  GROUP BY d.objid
), kept AS (
  -- Functions that PostgreSQL, or their extension, keeps from everybody.
  SELECT i.objoid AS objid FROM pg_init_privs i
  WHERE i.classoid = 'pg_proc'::regclass
    AND NOT EXISTS (SELECT FROM aclexplode(i.initprivs) a WHERE a.grantee = 0)
)
SELECT json_build_object(
  'database', current_database(),
  'version', current_setting('server_version'),
  'version_num', current_setting('server_version_num')::int,
  'looked_as', current_user,
  'session_user', session_user,
  'sees_rows', (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user),
  'search_path', ARRAY(
    -- Of the login role, where it has one of its own.
    SELECT trim(BOTH ' "' FROM name) FROM unnest(string_to_array(COALESCE(
      (
        SELECT split_part(setting, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) setting
        WHERE setting LIKE 'search_path=%' AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $login$))
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY s.setrole <> 0 AND s.setdatabase <> 0 DESC, s.setrole <> 0 DESC LIMIT 1
      ),
      (SELECT reset_val FROM pg_settings WHERE name = 'search_path')
    ), ',')) name
  ),
  'database_acl', (
    SELECT json_agg(json_build_array(a.grantee::int8, a.privilege_type))
    FROM pg_database d, aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a WHERE d.datname = current_database()
  ),
  'roles', (
    SELECT json_agg(r) FROM (
      SELECT oid::int8, rolname AS name, rolsuper AS superuser, rolbypassrls AS bypass_rls, rolreplication AS replication,
        rolcreaterole AS create_role, rolcanlogin AS login
      FROM pg_roles
    ) r
  ),
  'memberships', (
    SELECT json_agg(m) FROM (
      -- The options `inherit` and `set` belong to the membership from PostgreSQL 16 on, and to the member before.
      SELECT m.roleid::int8 AS role, m.member::int8, array_agg(DISTINCT m.grantor::int8) AS grantors, bool_or(m.admin_option) AS admin,
        bool_or(COALESCE((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit)) AS inherit,
        bool_or(COALESCE((to_jsonb(m) ->> 'set_option')::boolean, true)) AS "set"
      FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member GROUP BY 1, 2
    ) m
  ),
  'settings', (
    SELECT json_agg(s) FROM (
      SELECT s.setrole::int8 AS role, s.setdatabase <> 0 AS here, lower(split_part(setting, '=', 1)) AS name
      FROM pg_db_role_setting s, unnest(s.setconfig) setting
      WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND s.setrole IN (SELECT 0::oid UNION ALL SELECT oid FROM request)
    ) s
  ),
  -- What the server's configuration fixes for all databases.
  'server_settings', (
    SELECT json_agg(name) FROM pg_settings
    WHERE name IN ('session_replication_role', 'row_security', 'lo_compat_privileges') AND reset_val <> boot_val
      AND source IN ('configuration file', 'command line', 'environment variable', 'global')
  ),
  'schemas', (
    SELECT json_agg(n) FROM (
      SELECT nspname AS name, quote_ident(nspname) AS sql, (
        SELECT json_agg(json_build_array(a.grantee::int8, a.privilege_type)) FROM aclexplode(nspacl) a
      ) AS acl
      FROM namespace
    ) n
  ),
  'relations', (
    SELECT json_agg(c) FROM (
      SELECT c.oid::int8, c.nspname AS schema, c.relname AS name, c.oid::regclass::text AS sql, c.relkind AS kind,
        c.relowner::int8 AS owner, c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced,
        c.relispartition AS partition, has_any_column_privilege(c.relowner, c.oid, 'SELECT') AS owner_reads,
        COALESCE((
          SELECT bool_or(option_value IN ('true', 'on', 'yes', '1'))
          FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'
        ), false) AS invoker,
        (
          SELECT json_agg(json_build_array(a.grantee::int8, a.privilege_type)) FROM aclexplode(c.relacl) a
          WHERE a.grantee <> c.relowner
        ) AS acl,
        ARRAY(
          SELECT a.grantee::int8 FROM aclexplode(c.relacl) a WHERE a.is_grantable AND a.grantee <> c.relowner
          UNION SELECT x.grantee::int8 FROM pg_attribute a, aclexplode(a.attacl) x
          WHERE a.attrelid = c.oid AND x.is_grantable AND x.grantee <> c.relowner
        ) AS grants_on,
        (
          SELECT json_agg(json_build_array(
            a.attname,
            format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END, NULL),
            a.attnotnull OR t.typnotnull,
            a.attgenerated <> '',
            (SELECT json_agg(json_build_array(x.grantee::int8, x.privilege_type)) FROM aclexplode(a.attacl) x)
          ) ORDER BY a.attnum)
          FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'S'
        ) AS columns
      FROM relation c
    ) c
  ),
  'policies', (
    SELECT json_agg(p) FROM (
      SELECT p.polrelid::int8 AS relation, p.polname AS name, p.polcmd AS command, p.polpermissive AS permissive,
        ARRAY(SELECT unnest(p.polroles)::int8) AS roles,
        pg_get_expr(p.polqual, p.polrelid) AS "using", pg_get_expr(p.polwithcheck, p.polrelid) AS "check",
        COALESCE(a.functions, '{}') AS functions
      FROM policy p LEFT JOIN asked a ON a.policy = p.oid
    ) p
  ),
  'functions', (
    SELECT json_agg(f) FROM (
      SELECT f.oid::int8, n.nspname AS schema, f.proname AS name, f.oid::regprocedure::text AS sql, f.proowner::int8 AS owner,
        f.prosecdef AS definer, f.proleakproof AS leakproof, f.prorettype = 'trigger'::regtype AS "trigger", f.provolatile AS volatility,
        l.lanname AS language, COALESCE(f.proconfig, '{}') AS config, f.proisstrict AS strict,
        EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_proc'::regclass AND e.objid = f.oid) AS extension,
        f.oid IN (SELECT objid FROM kept) AS kept,
        CASE WHEN n.nspname = $schema$ THEN COALESCE(pg_get_function_sqlbody(f.oid), f.prosrc) END AS body,
        (
          SELECT json_agg(json_build_array(a.grantee::int8, a.privilege_type))
          FROM aclexplode(COALESCE(f.proacl, acldefault('f', f.proowner))) a
        ) AS acl
      FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace JOIN pg_language l ON l.oid = f.prolang
      WHERE n.nspname = $schema$
        OR f.oid IN (SELECT unnest(functions) FROM asked)
        -- PostgreSQL's own are there from the beginning; others can be made in its schemas afterwards.
        OR (f.oid >= 16384 OR n.nspname NOT IN ('pg_catalog', 'information_schema')) AND f.prokind <> 'a' AND (
          f.prosecdef OR f.proleakproof OR f.proname LIKE 'dblink%'
          OR NOT l.lanpltrusted
            AND NOT (
              l.lanname IN ('internal', 'c')
              AND EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_proc'::regclass AND e.objid = f.oid)
            )
        )
        -- Only the few that somebody was given.
        OR f.proacl IS NOT NULL AND f.oid IN (SELECT objid FROM kept)
          AND EXISTS (
            SELECT FROM aclexplode(f.proacl) a
            WHERE a.grantee IN (SELECT oid FROM grantee) AND a.grantee <> f.proowner
          )
        OR f.proname IN (
          'set_config', 'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_export', 'pg_read_file',
          'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'pg_file_write', 'pg_file_read', 'pg_file_unlink',
          'pg_file_rename', 'pg_execute_server_program'
        )
    ) f
  ),
  -- Who may execute an aggregate may not need to execute the functions that it is made of.
  'aggregates', (
    SELECT json_agg(a) FROM (
      SELECT f.oid::int8 AS function, g.oid::regprocedure::text AS sql, (
        SELECT json_agg(json_build_array(x.grantee::int8, x.privilege_type))
        FROM aclexplode(COALESCE(g.proacl, acldefault('f', g.proowner))) x WHERE x.grantee <> g.proowner
      ) AS acl
      FROM pg_aggregate a JOIN pg_proc g ON g.oid = a.aggfnoid
      JOIN pg_proc f ON f.prosecdef AND f.oid IN (
        a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn,
        a.aggmfinalfn
      )
    ) a
  ),
  $shared$
  'foreign_keys', (
    SELECT json_agg(k) FROM (
      SELECT k.oid::int8, k.conname AS name, k.conrelid::int8 AS relation, k.confrelid::int8 AS referenced,
        ARRAY(
          SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u (attnum, at)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.at
        ) AS columns,
        ARRAY(
          SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u (attnum, at)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.at
        ) AS referenced_columns,
        k.confdeltype AS on_delete, k.confupdtype AS on_update,
        ARRAY(
          SELECT a.attname FROM unnest(k.confdelsetcols) WITH ORDINALITY u (attnum, at)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.at
        ) AS set_columns,
        k.convalidated AND COALESCE((to_jsonb(k) ->> 'conenforced')::boolean, true) AS validated,
        COALESCE((to_jsonb(k) ->> 'conenforced')::boolean, true) AS enforced,
        pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment
      FROM pg_constraint k JOIN relation c ON c.oid = k.conrelid
      WHERE k.contype = 'f' AND k.conparentid = 0
    ) k
  ),
  'indexes', (
    SELECT json_agg(i) FROM (
      SELECT i.indrelid::int8 AS relation, ic.relname AS name, i.indexrelid::regclass::text AS sql, i.indisunique AS "unique",
        i.indisprimary AS "primary", i.indisvalid AS valid, i.indpred IS NOT NULL AS partial, ic.relispartition AS partition,
        ARRAY(
          SELECT a.attname FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (attnum, at)
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
          WHERE u.at <= i.indnkeyatts ORDER BY u.at
        ) AS columns,
        -- What an expression is over.
        CASE WHEN i.indexprs IS NULL THEN '{}' ELSE ARRAY(
          SELECT a.attname FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_class'::regclass AND d.objid IN (i.indexrelid, k.oid)
            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
        ) END AS under,
        k.contype AS "constraint", i.indimmediate AS immediate, i.indexrelid::int8 AS oid,
        CASE WHEN k.oid IS NOT NULL THEN pg_get_constraintdef(k.oid) WHEN i.indisunique THEN pg_get_indexdef(i.indexrelid) END
          AS definition,
        -- What is gone with it, and has to be made again.
        CASE WHEN i.indisunique OR k.contype = 'x' THEN json_build_object(
          'clustered', i.indisclustered,
          'replica_identity', i.indisreplident,
          'options', COALESCE(ic.reloptions, '{}'),
          'tablespace', (SELECT t.spcname FROM pg_tablespace t WHERE t.oid = ic.reltablespace),
          'comment', obj_description(k.oid, 'pg_constraint'),
          'index_comment', obj_description(i.indexrelid, 'pg_class'),
          'targets', ARRAY(
            SELECT ARRAY[a.attnum::int, a.attstattarget::int] FROM pg_attribute a
            WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum
          ),
          'dependents', ARRAY(
            SELECT json_build_array(
              CASE WHEN d.classid = 'pg_constraint'::regclass THEN d.objid::int8 ELSE 0 END,
              pg_describe_object(d.classid, d.objid, d.objsubid)
            )
            FROM pg_depend d
            WHERE d.deptype = 'n' AND (
                d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indexrelid
                OR d.refclassid = 'pg_constraint'::regclass AND d.refobjid = k.oid
              )
            UNION ALL
            SELECT json_build_array(0, pg_describe_object(d.refclassid, d.refobjid, 0)) FROM pg_depend d
            WHERE d.deptype = 'x' AND d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
          )
        ) END AS details
      FROM pg_index i JOIN relation c ON c.oid = i.indrelid JOIN pg_class ic ON ic.oid = i.indexrelid
      LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
    ) i
  ),
  -- The sequences that columns own, or that their defaults draw from; who inserts needs a right on those of defaults.
  'sequences', (
    SELECT json_agg(json_build_array(u.sequence::int8, u.relation::int8, t.attname, u.drawn))
    FROM (
      SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum, false AS drawn FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      UNION ALL
      SELECT d.refobjid, a.adrelid, a.adnum, true FROM pg_attrdef a
      JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_class'::regclass
    ) u
    JOIN relation s ON s.oid = u.sequence AND s.relkind = 'S'
    JOIN pg_attribute t ON t.attrelid = u.relation AND t.attnum = u.attnum
  ),
  'inherits', (
    SELECT json_agg(json_build_array(i.inhrelid::int8, i.inhparent::int8))
    FROM pg_inherits i JOIN relation c ON c.oid = i.inhrelid WHERE NOT c.relispartition
  ),
  'partitions', (
    SELECT json_agg(json_build_array(i.inhrelid::int8, i.inhparent::int8))
    FROM pg_inherits i JOIN relation c ON c.oid = i.inhrelid WHERE c.relispartition
  ),
  -- What the login and scope roles may do to the relations of extensions, and beyond its own grants to PostgreSQL's.
  'others', (
    SELECT json_agg(o) FROM (
      SELECT c.oid::regclass::text AS sql, n.nspname AS schema, c.relname AS name, e.extname AS extension,
        a.grantee::int8, a.privilege_type AS privilege
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      LEFT JOIN pg_extension e ON e.oid = d.refobjid
      CROSS JOIN LATERAL (
        SELECT * FROM aclexplode(c.relacl)
        UNION ALL SELECT x.* FROM pg_attribute t, aclexplode(t.attacl) x WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL
      ) a
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 't')
        AND a.grantee IN (SELECT oid FROM grantee) AND a.grantee <> c.relowner
        AND (e.oid IS NOT NULL OR n.nspname ~ '^pg_' OR n.nspname = 'information_schema')
        AND (e.oid IS NOT NULL OR NOT EXISTS (
          SELECT FROM pg_init_privs i, aclexplode(i.initprivs) b
          WHERE i.classoid = 'pg_class'::regclass AND i.objoid = c.oid
            AND b.grantee = a.grantee AND b.privilege_type = a.privilege_type
        ))
        -- The standard has everybody read these, and not every server has noted it.
        AND NOT (
          n.nspname = 'information_schema' AND c.relname !~ '^_' AND a.grantee = 0 AND a.privilege_type = 'SELECT'
        )
    ) o
  ),
  'rules', (
    SELECT json_agg(json_build_array(r.ev_class::int8, r.rulename))
    FROM pg_rewrite r JOIN relation c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN' OR c.relkind NOT IN ('v', 'm')
  ),
  -- Those of foreign keys only where they are switched off.
  'triggers', (
    SELECT json_agg(t) FROM (
      SELECT t.tgrelid::int8 AS relation, t.tgname AS name, t.tgfoid::int8 AS function, t.tgisinternal AS internal,
        t.tgenabled IN ('O', 'A') AS enabled, t.tgenabled = 'R' AS on_replicas
      FROM pg_trigger t JOIN relation c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal OR t.tgenabled NOT IN ('O', 'A')
    ) t
  ),
  'reads', (
    SELECT json_agg(DISTINCT jsonb_build_array(r.ev_class::int8, d.refobjid::int8))
    FROM pg_rewrite r JOIN relation c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
  ),
  'owned', (
    SELECT json_agg(o) FROM (
      SELECT s.refobjid::int8 AS role, pg_describe_object(s.classid, s.objid, s.objsubid) AS description,
        (pg_identify_object(s.classid, s.objid, s.objsubid)).type AS kind,
        (pg_identify_object(s.classid, s.objid, s.objsubid)).identity AS sql
      FROM pg_shdepend s
      WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND s.refobjid IN (SELECT oid FROM reach)
        AND s.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ) o
  ),
  -- On what is no relation, function, schema or type, and belongs to this database or to all.
  'granted', (
    SELECT json_agg(g) FROM (
      SELECT DISTINCT a.grantee::int8 AS role, pg_describe_object(o.class, o.oid, 0) AS description,
        (pg_identify_object(o.class, o.oid, 0)).type AS kind, (pg_identify_object(o.class, o.oid, 0)).identity AS sql
      FROM (
        SELECT 'pg_foreign_server'::regclass AS class, oid, srvowner AS owner, srvacl AS acl FROM pg_foreign_server
        UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, fdwacl FROM pg_foreign_data_wrapper
        UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, lomacl FROM pg_largeobject_metadata
        UNION ALL SELECT 'pg_tablespace'::regclass, oid, spcowner, spcacl FROM pg_tablespace
        UNION ALL SELECT 'pg_parameter_acl'::regclass, oid, 10, paracl FROM pg_parameter_acl
        UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, lanacl FROM pg_language
      ) o, aclexplode(o.acl) a
      WHERE a.grantee IN (SELECT oid FROM grantee) AND a.grantee <> o.owner
        AND NOT (o.class = 'pg_language'::regclass AND a.grantee = 0)
    ) g
  ),
  'defaults', (
    SELECT json_agg(d) FROM (
      SELECT d.defaclrole::int8 AS role, n.nspname AS schema, d.defaclobjtype AS kind, a.grantee::int8, a.privilege_type AS privilege
      FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
      WHERE a.grantee IN (SELECT oid FROM reach) OR a.grantee = 0 AND d.defaclobjtype IN ('r', 'S', 'L')
    ) d
  ),
  'published', (
    SELECT json_agg(json_build_array(pubname, schemaname, tablename)) FROM pg_publication_tables
  )
)::text
