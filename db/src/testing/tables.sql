SELECT coalesce(pg_catalog.jsonb_agg(t ORDER BY t.schema, t.name), '[]')::text FROM (
  SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name,
    (SELECT pg_catalog.jsonb_agg(x ORDER BY x.position) FROM (
      SELECT a.attnum AS position, a.attname AS name, base.typname AS base, base.typcategory AS category,
        base.typtype AS kind, pg_catalog.format_type(base.oid, d.typmod) AS type,
        CASE WHEN base.typname IN ('varchar', 'bpchar') AND d.typmod > 4 THEN d.typmod - 4
             WHEN base.typname IN ('bit', 'varbit') AND d.typmod > 0 THEN d.typmod END AS length,
        a.attnotnull OR d.not_null AS not_null,
        a.attgenerated <> '' AS generated,
        a.attidentity <> '' AS identity,
        CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) END AS default,
        d.has_default AS domain_default,
        coalesce((SELECT pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
          WHERE e.enumtypid = base.oid), '[]') AS labels,
        coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'name', k.conname, 'definition', pg_catalog.pg_get_constraintdef(k.oid)))
          FROM pg_catalog.pg_constraint k WHERE k.contypid = ANY (d.domains) AND k.contype = 'c'), '[]') AS checks
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
      CROSS JOIN LATERAL (
        WITH RECURSIVE up AS (
          SELECT 0 AS depth, ty.oid, a.atttypmod AS typmod, false AS not_null, false AS has_default, '{}'::oid[] AS domains
          FROM pg_catalog.pg_type ty WHERE ty.oid = a.atttypid
          UNION ALL
          SELECT up.depth + 1, ty.typbasetype, CASE WHEN ty.typtypmod >= 0 THEN ty.typtypmod ELSE up.typmod END,
            up.not_null OR ty.typnotnull, up.has_default OR ty.typdefault IS NOT NULL, up.domains || ty.oid
          FROM up JOIN pg_catalog.pg_type ty ON ty.oid = up.oid AND ty.typtype = 'd'
        )
        SELECT * FROM up ORDER BY depth DESC LIMIT 1
      ) d
      JOIN pg_catalog.pg_type base ON base.oid = d.oid
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) x) AS columns,
    coalesce((SELECT pg_catalog.jsonb_agg(k ORDER BY k.name) FROM (
      SELECT con.conname AS name, con.contype AS kind, con.condeferrable AS deferrable,
        pg_catalog.pg_get_constraintdef(con.oid) AS definition, con.confrelid::bigint AS parent,
        coalesce((SELECT pg_catalog.jsonb_agg(a.attname ORDER BY key.at) FROM pg_catalog.unnest(con.conkey)
          WITH ORDINALITY key (number, at) JOIN pg_catalog.pg_attribute a
          ON a.attrelid = con.conrelid AND a.attnum = key.number), '[]') AS columns,
        coalesce((SELECT pg_catalog.jsonb_agg(a.attname ORDER BY key.at) FROM pg_catalog.unnest(con.confkey)
          WITH ORDINALITY key (number, at) JOIN pg_catalog.pg_attribute a
          ON a.attrelid = con.confrelid AND a.attnum = key.number), '[]') AS parent_columns
      FROM pg_catalog.pg_constraint con WHERE con.conrelid = c.oid AND con.contype IN ('c', 'f', 'p')
    ) k), '[]') AS constraints,
    coalesce((SELECT pg_catalog.jsonb_agg(i ORDER BY i.name) FROM (
      SELECT ic.relname AS name, x.indexprs IS NULL AND x.indpred IS NULL AND x.indimmediate AS plain,
        coalesce((SELECT pg_catalog.jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND (
            a.attnum = ANY ((x.indkey::smallint[])[0:x.indnkeyatts - 1])
            OR x.indexprs IS NOT NULL AND EXISTS (
              SELECT FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.pg_class'::regclass
              AND p.objid = x.indexrelid AND p.refobjid = c.oid AND p.refobjsubid = a.attnum))), '[]') AS columns
      FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid
      WHERE x.indrelid = c.oid AND x.indisunique
    ) i), '[]') AS uniques
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'isolation_probe') AND n.nspname NOT LIKE 'pg\_%'
) t
