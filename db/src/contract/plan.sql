-- What PUBLIC may do that the contract closes, and which roles have it by that alone, as one document. `$own$` and `$kept$`
-- are names of roles, as SQL; `$groups$` patterns of closed functions, why they are closed, and whether monitoring keeps
-- them; `$sessions$` counts the sessions of a role here.
WITH kept AS (
  SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname = ANY (ARRAY[$kept$]::text[])
), here AS (
  SELECT b.oid, b.datname, b.datdba, COALESCE(b.datacl, pg_catalog.acldefault('d', b.datdba)) AS acl
  FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()
), closed AS (
  SELECT p.oid, p.proname, p.proowner, COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)) AS acl, g.pattern, g.why, g.monitoring,
    pg_catalog.format('%s.%I(%s)', p.pronamespace::pg_catalog.regnamespace, p.proname,
      pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name
  FROM pg_catalog.pg_proc p JOIN (VALUES $groups$) g (pattern, why, monitoring) ON p.proname ~ g.pattern
  WHERE $closed$
), object AS (
  SELECT 1 AS at, item || pg_catalog.format(' on database %I', b.datname) AS name, item AS privilege, b.acl, b.datdba AS owner,
    NULL AS why, pg_catalog.format('REVOKE %s ON DATABASE %I FROM PUBLIC', item, b.datname) AS statement, NULL::oid AS function
  FROM here b, pg_catalog.unnest(ARRAY['CONNECT', 'TEMPORARY']) item
  UNION ALL
  SELECT 2, 'CREATE on schema public', 'CREATE', n.nspacl, n.nspowner, NULL, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC', NULL
  FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'
  UNION ALL
  SELECT CASE c.proname WHEN 'set_config' THEN 3 ELSE 4 END, 'EXECUTE on ' || c.proname, 'EXECUTE', c.acl, c.proowner, c.why,
    'REVOKE EXECUTE ON FUNCTION ' || c.name || ' FROM PUBLIC'
      || CASE WHEN c.monitoring THEN '; GRANT EXECUTE ON FUNCTION ' || c.name || ' TO pg_read_all_stats' ELSE '' END
      || CASE WHEN c.name LIKE 'pg\_catalog.set\_config(%'
           THEN '; GRANT EXECUTE ON FUNCTION ' || c.name || ' TO $prefix$_gate'
             || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format(', %I', rolname), '') FROM kept), '')
           ELSE '' END,
    c.oid
  FROM closed c
), used AS (
  SELECT d.refobjid AS role FROM pg_catalog.pg_shdepend d
  WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.dbid = (SELECT oid FROM here)
  GROUP BY 1
), session AS (
  $sessions$
), role AS (
  SELECT r.oid, r.rolname AS name, COALESCE(s.sessions, 0) AS sessions, u.role IS NOT NULL AS used
  FROM pg_catalog.pg_roles r LEFT JOIN used u ON u.role = r.oid LEFT JOIN session s ON s.role = r.oid
  WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' AND (r.rolcanlogin OR u.role IS NOT NULL)
    AND NOT r.rolname = ANY (ARRAY[$own$]::text[]) AND r.rolname NOT IN (SELECT rolname FROM kept)
)
SELECT pg_catalog.json_build_object(
  'rights', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'right', o.name,
      'why', o.why,
      'statement', o.statement,
      'may', pg_catalog.pg_has_role(o.owner, 'USAGE'),
      'roles', COALESCE((
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', r.name, 'sessions', r.sessions, 'used', r.used)
          ORDER BY r.sessions DESC, r.used DESC, r.name)
        FROM role r
        WHERE NOT EXISTS (
          SELECT FROM pg_catalog.aclexplode(o.acl) a
          WHERE a.privilege_type = o.privilege AND a.grantee <> 0 AND pg_catalog.pg_has_role(r.oid, a.grantee, 'USAGE')
        )
      ), '[]')
    ) ORDER BY o.at, o.name)
    FROM object o
    WHERE EXISTS (SELECT FROM pg_catalog.aclexplode(o.acl) a WHERE a.grantee = 0 AND a.privilege_type = o.privilege)
  ), '[]'),
  'others', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.pg_get_userbyid(a.grantee))
    FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a
    WHERE p.oid = pg_catalog.to_regprocedure('$prefix$.$enter$') AND a.grantee <> p.proowner
      AND NOT pg_catalog.pg_get_userbyid(a.grantee) = ANY (ARRAY[$own$]::text[])
  ), '[]')
)::text
