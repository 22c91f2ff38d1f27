-- What of PostgreSQL's own tells of all tenants, and who may use it all the same: a part of `catalog.sql`.
  -- What of PostgreSQL's own is closed (`$closed$`), and who may execute it all the same.
  'shared', (
    SELECT json_agg(json_build_array(k.at - 1, CASE n.nspname WHEN 'pg_catalog' THEN 'pg_catalog.' ELSE '' END || f.oid::regprocedure::text, a.grantee::int8))
    FROM unnest($closed$::text[]) WITH ORDINALITY k (pattern, at)
    JOIN pg_proc f ON f.proname ~ k.pattern AND f.prokind = 'f'
    JOIN pg_namespace n ON n.oid = f.pronamespace,
    aclexplode(COALESCE(f.proacl, acldefault('f', f.proowner))) a
    WHERE a.grantee <> f.proowner
      AND (n.nspname = 'pg_catalog' OR EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_proc'::regclass AND e.objid = f.oid))
  ),
  -- Aggregates of functions that are closed, and who may execute them: one calls its functions as its owner.
  'counting', (
    SELECT json_agg(DISTINCT jsonb_build_array(g.oid::regprocedure::text, a.grantee::int8))
    FROM pg_aggregate m JOIN pg_proc g ON g.oid = m.aggfnoid JOIN namespace n ON n.oid = g.pronamespace
    JOIN pg_proc f ON f.pronamespace = 'pg_catalog'::regnamespace AND f.oid IN (
      m.aggtransfn, m.aggfinalfn, m.aggcombinefn, m.aggserialfn, m.aggdeserialfn, m.aggmtransfn, m.aggminvtransfn, m.aggmfinalfn
    )
    JOIN unnest($closed$::text[]) k (pattern) ON f.proname ~ k.pattern,
    aclexplode(COALESCE(g.proacl, acldefault('f', g.proowner))) a
    WHERE a.grantee <> g.proowner
  ),
