-- What a contract made that sealed contexts with a secret: its functions, the views of the secret, policies and triggers.
CREATE FUNCTION {app}.act_by_present_role() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
                 BEGIN
                   IF NOT EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable) AND (
                     pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')
                     OR NOT EXISTS (SELECT FROM unnest(ARRAY['{app}_tenant', '{app}_user', '{app}_identity']) role WHERE pg_has_role(session_user, role, 'MEMBER'))
                   ) THEN
                     NULL;
                   ELSIF NOT (EXISTS (
               SELECT FROM unnest(ARRAY['{app}_tenant', '{app}_user', '{app}_identity']) sealed_for(role), pg_cursor() c, {app}.seal_key k
               WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable
                 AND encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), sealed_for.role, c.name::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') = current_setting('{app}.seal', true)
             ) OR EXISTS (
               SELECT FROM unnest(ARRAY['{app}_tenant', '{app}_user', '{app}_identity']) sealed_for(role), pg_cursor() c, {app}.seal_key_previous k
               WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable
                 AND encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), sealed_for.role, c.name::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') = current_setting('{app}.seal', true)
             )) THEN
                     RAISE EXCEPTION 'the settings of the context have changed since it was opened'
                       USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'member_role';
                   -- Neither the system nor sign-in has a member.
                   ELSIF COALESCE(pg_catalog.current_setting('{app}.user_id', true), '') <> '' AND NOT EXISTS (
                     SELECT FROM "public"."member" m
                     WHERE m."organization_id" = OLD."organization_id" AND m."user_id"::text = COALESCE(pg_catalog.current_setting('{app}.user_id', true), '') AND m."role"::text = COALESCE(pg_catalog.current_setting('{app}.member_role', true), '')
                   ) THEN
                     IF TG_OP = 'DELETE' AND NOT EXISTS (
                       SELECT FROM "public"."member" m
                       WHERE m."organization_id" = OLD."organization_id" AND (
                         m."user_id"::text = COALESCE(pg_catalog.current_setting('{app}.user_id', true), '') OR m."role" = E'owner' AND m."user_id" <> OLD."user_id"
                       )
                     ) THEN
                       RAISE EXCEPTION 'the last member whose role is % stays', E'owner'
                         USING ERRCODE = 'restrict_violation', CONSTRAINT = 'last_owner', TABLE = TG_TABLE_NAME;
                     END IF;
                     RAISE EXCEPTION 'the member''s own role has changed since the context was opened'
                       USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'member_role';
                   END IF;
                   RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
                 END
                 $$;
ALTER FUNCTION {app}.act_by_present_role() OWNER TO {app}_gate;
CREATE FUNCTION {app}.authenticate_token(digest bytea) RETURNS TABLE(user_id uuid, token_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER ROWS 1
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
         DECLARE
           is_due boolean;
         BEGIN
           -- Not for whoever has taken the role on and opened no context, or another than that of sign-in: the role can be
           -- turned between the call and this.
           IF NOT {app}.context_is_genuine() OR current_setting('{app}.identity', true) IS DISTINCT FROM 'true' THEN
             RETURN;
           END IF;
           FOR user_id, token_id, is_due IN
             SELECT t.user_id, t.id, COALESCE(t.last_used_at <= clock_timestamp() - interval '1 minute', true)
             FROM "public"."personal_access_token" t
             WHERE sha256(t.token_digest) = sha256($1) AND t.token_digest = $1 AND t.revoked_at IS NULL
               AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
           LOOP
             IF is_due THEN
               BEGIN
                 -- Skips a row that another holds: a look-up waits for none.
                 UPDATE "public"."personal_access_token" t SET last_used_at = clock_timestamp()
                 FROM (
                   SELECT s.user_id, s.id FROM "public"."personal_access_token" s
                   WHERE s.user_id = authenticate_token.user_id AND s.id = authenticate_token.token_id
                     AND COALESCE(s.last_used_at <= clock_timestamp() - interval '1 minute', true)
                   FOR NO KEY UPDATE SKIP LOCKED
                 ) due
                 WHERE t.user_id = due.user_id AND t.id = due.id;
               EXCEPTION WHEN OTHERS THEN
                 -- On a standby, say, or where a serializable transaction has written it meanwhile.
                 NULL;
               END;
             END IF;
             RETURN NEXT;
           END LOOP;
         END
         $_$;
ALTER FUNCTION {app}.authenticate_token(digest bytea) OWNER TO {app}_gate;
CREATE FUNCTION {app}.context_is_genuine() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
             BEGIN
               -- Raises, as the policies do, where no context is open: they need not be asked once this says false.
               IF (CASE current_setting('role') WHEN '{app}_tenant' THEN current_setting('{app}.organization_id')::uuid IS NULL WHEN '{app}_user' THEN current_setting('{app}.user_id')::uuid IS NULL WHEN '{app}_identity' THEN current_setting('{app}.identity')::boolean IS NOT TRUE ELSE true END) THEN
                 RETURN false;
               END IF;
               -- Nearly always; the table of the one before is then not even locked.
               IF EXISTS (
               SELECT FROM pg_cursor() c, {app}.seal_key k
               WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable
                 AND encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), current_setting('role'), c.name::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') = current_setting('{app}.seal', true)
             ) THEN
                 RETURN true;
               END IF;
               RETURN EXISTS (
               SELECT FROM pg_cursor() c, {app}.seal_key_previous k
               WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable
                 AND encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), current_setting('role'), c.name::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') = current_setting('{app}.seal', true)
             );
             END
             $$;
ALTER FUNCTION {app}.context_is_genuine() OWNER TO {app}_gate;
CREATE FUNCTION {app}.current_organization_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (current_setting('{app}.organization_id'::text))::uuid;
CREATE FUNCTION {app}.current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (current_setting('{app}.user_id'::text))::uuid;
CREATE FUNCTION {app}.enter_identity() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE seal refcursor; 
BEGIN
PERFORM pg_catalog.set_config('{app}.organization_id', '', true);
PERFORM pg_catalog.set_config('{app}.user_id', '', true);
PERFORM pg_catalog.set_config('{app}.identity', 'true', true);
PERFORM pg_catalog.set_config('{app}.member_role', '', true);
IF EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable) THEN
               RAISE EXCEPTION 'a context is open already in this transaction' USING ERRCODE = 'active_sql_transaction';
             END IF;
             seal := '{app}_seal ' || gen_random_uuid();
             OPEN seal FOR EXECUTE 'SELECT FROM {app}.seal_key';
             PERFORM set_config('{app}.seal', (SELECT encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), '{app}_identity', seal::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') FROM {app}.seal_key k), true);
END
$$;
ALTER FUNCTION {app}.enter_identity() OWNER TO {app}_gate;
CREATE FUNCTION {app}.enter_tenant(organization uuid, person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE seal refcursor; found_role text;
BEGIN
SELECT m."role"::text INTO found_role FROM "public"."member" m WHERE m."organization_id" = $1 AND m."user_id" = $2;
             IF NOT FOUND THEN
               RAISE EXCEPTION 'not a member of the organization'
                 USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'not_a_member';
             END IF;
PERFORM pg_catalog.set_config('{app}.organization_id', $1::text, true);
PERFORM pg_catalog.set_config('{app}.user_id', $2::text, true);
PERFORM pg_catalog.set_config('{app}.identity', '', true);
PERFORM pg_catalog.set_config('{app}.member_role', found_role, true);
IF EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable) THEN
               RAISE EXCEPTION 'a context is open already in this transaction' USING ERRCODE = 'active_sql_transaction';
             END IF;
             seal := '{app}_seal ' || gen_random_uuid();
             OPEN seal FOR EXECUTE 'SELECT FROM {app}.seal_key';
             PERFORM set_config('{app}.seal', (SELECT encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), '{app}_tenant', seal::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') FROM {app}.seal_key k), true);
END
$_$;
ALTER FUNCTION {app}.enter_tenant(organization uuid, person uuid) OWNER TO {app}_gate;
CREATE FUNCTION {app}.enter_tenant_as_system(organization uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE seal refcursor; 
BEGIN
PERFORM pg_catalog.set_config('{app}.organization_id', $1::text, true);
PERFORM pg_catalog.set_config('{app}.user_id', '', true);
PERFORM pg_catalog.set_config('{app}.identity', '', true);
PERFORM pg_catalog.set_config('{app}.member_role', 'system', true);
IF EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable) THEN
               RAISE EXCEPTION 'a context is open already in this transaction' USING ERRCODE = 'active_sql_transaction';
             END IF;
             seal := '{app}_seal ' || gen_random_uuid();
             OPEN seal FOR EXECUTE 'SELECT FROM {app}.seal_key';
             PERFORM set_config('{app}.seal', (SELECT encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), '{app}_tenant', seal::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') FROM {app}.seal_key k), true);
END
$_$;
ALTER FUNCTION {app}.enter_tenant_as_system(organization uuid) OWNER TO {app}_gate;
CREATE FUNCTION {app}.enter_user(person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE seal refcursor; 
BEGIN
PERFORM pg_catalog.set_config('{app}.organization_id', '', true);
PERFORM pg_catalog.set_config('{app}.user_id', $1::text, true);
PERFORM pg_catalog.set_config('{app}.identity', '', true);
PERFORM pg_catalog.set_config('{app}.member_role', '', true);
IF EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = 'SELECT FROM {app}.seal_key' AND NOT c.is_holdable) THEN
               RAISE EXCEPTION 'a context is open already in this transaction' USING ERRCODE = 'active_sql_transaction';
             END IF;
             seal := '{app}_seal ' || gen_random_uuid();
             OPEN seal FOR EXECUTE 'SELECT FROM {app}.seal_key';
             PERFORM set_config('{app}.seal', (SELECT encode(sha256(k.key || sha256(k.key || convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), '{app}_user', seal::text, COALESCE(current_setting('{app}.organization_id', true), ''), COALESCE(current_setting('{app}.user_id', true), ''), COALESCE(current_setting('{app}.identity', true), ''), COALESCE(current_setting('{app}.member_role', true), '')), getdatabaseencoding()))), 'hex') FROM {app}.seal_key k), true);
END
$_$;
ALTER FUNCTION {app}.enter_user(person uuid) OWNER TO {app}_gate;
CREATE FUNCTION {app}.in_identity_context() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (current_setting('{app}.identity'::text))::boolean;
CREATE FUNCTION {app}.keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
                 BEGIN
                   IF OLD."role" <> E'owner' OR TG_OP = 'UPDATE' AND NEW."role" = E'owner' THEN
                     RETURN NULL;
                   END IF;
                   UPDATE "public"."organization" SET updated_at = pg_catalog.clock_timestamp() WHERE "id" = OLD."organization_id";
                   -- Where the organization is gone, its members go with it.
                   IF FOUND AND NOT EXISTS (
                     SELECT FROM "public"."member" m WHERE m."organization_id" = OLD."organization_id" AND m."role" = E'owner'
                   ) THEN
                     RAISE EXCEPTION 'the last member whose role is % stays', E'owner'
                       USING ERRCODE = 'restrict_violation', CONSTRAINT = 'last_owner', TABLE = TG_TABLE_NAME;
                   END IF;
                   RETURN NULL;
                 END
                 $$;
ALTER FUNCTION {app}.keep_an_owner() OWNER TO {app}_gate;
CREATE FUNCTION {app}.ranks_member_role(role text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    RETURN ({app}.context_is_genuine() AND ((current_setting('{app}.user_id'::text) = ''::text) OR COALESCE((array_position(ARRAY['owner'::text, 'admin'::text, 'member'::text], current_setting('{app}.member_role'::text)) <= array_position(ARRAY['owner'::text, 'admin'::text, 'member'::text], role)), false)));
CREATE FUNCTION {app}.require_member_role(VARIADIC roles text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
                 BEGIN
                   IF NOT {app}.context_is_genuine() THEN
                     RETURN false;
                   END IF;
                   IF pg_catalog.current_setting('{app}.user_id') = '' OR pg_catalog.current_setting('{app}.member_role') = ANY (roles) THEN
                     RETURN true;
                   END IF;
                   RAISE EXCEPTION 'this takes a member whose role is %', pg_catalog.array_to_string(roles, ' or ')
                     USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'member_role';
                 END
                 $$;
CREATE FUNCTION {app}.rotate_seal() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
             BEGIN
               IF (
                 SELECT bool_and(relispopulated) FROM pg_class WHERE oid IN ('{app}.seal_key'::regclass, '{app}.seal_key_previous'::regclass)
               ) THEN
                 REFRESH MATERIALIZED VIEW CONCURRENTLY {app}.seal_key_previous;
                 REFRESH MATERIALIZED VIEW CONCURRENTLY {app}.seal_key;
               ELSE
                 REFRESH MATERIALIZED VIEW {app}.seal_key;
                 REFRESH MATERIALIZED VIEW {app}.seal_key_previous;
               END IF;
             END
             $$;
ALTER FUNCTION {app}.rotate_seal() OWNER TO {app}_gate;
CREATE FUNCTION {app}.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
                 BEGIN
                   NEW.updated_at := pg_catalog.clock_timestamp();
                   RETURN NEW;
                 END
                 $$;
CREATE MATERIALIZED VIEW {app}.seal_key AS
 SELECT 1 AS id,
    sha256(byteacat(uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid()))) AS key
  WITH NO DATA;
ALTER TABLE ONLY {app}.seal_key ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE {app}.seal_key OWNER TO {app}_gate;
CREATE MATERIALIZED VIEW {app}.seal_key_previous AS
 SELECT seal_key.id,
    seal_key.key
   FROM {app}.seal_key
  WITH NO DATA;
ALTER TABLE ONLY {app}.seal_key_previous ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE {app}.seal_key_previous OWNER TO {app}_gate;
CREATE UNIQUE INDEX seal_key_id ON {app}.seal_key USING btree (id);
CREATE UNIQUE INDEX seal_key_previous_id ON {app}.seal_key_previous USING btree (id);
REVOKE ALL ON FUNCTION {app}.act_by_present_role() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.act_by_present_role() TO CURRENT_USER;
REVOKE ALL ON FUNCTION {app}.authenticate_token(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.authenticate_token(digest bytea) TO {app}_identity;
REVOKE ALL ON FUNCTION {app}.context_is_genuine() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.context_is_genuine() TO {app}_tenant;
GRANT ALL ON FUNCTION {app}.context_is_genuine() TO {app}_user;
GRANT ALL ON FUNCTION {app}.context_is_genuine() TO {app}_identity;
REVOKE ALL ON FUNCTION {app}.current_organization_id() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.current_organization_id() TO {app}_tenant;
GRANT ALL ON FUNCTION {app}.current_organization_id() TO {app}_user;
GRANT ALL ON FUNCTION {app}.current_organization_id() TO {app}_identity;
REVOKE ALL ON FUNCTION {app}.current_user_id() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.current_user_id() TO {app}_tenant;
GRANT ALL ON FUNCTION {app}.current_user_id() TO {app}_user;
GRANT ALL ON FUNCTION {app}.current_user_id() TO {app}_identity;
REVOKE ALL ON FUNCTION {app}.enter_identity() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.enter_identity() TO {login};
REVOKE ALL ON FUNCTION {app}.enter_tenant(organization uuid, person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.enter_tenant(organization uuid, person uuid) TO {login};
REVOKE ALL ON FUNCTION {app}.enter_tenant_as_system(organization uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.enter_tenant_as_system(organization uuid) TO {login};
REVOKE ALL ON FUNCTION {app}.enter_user(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.enter_user(person uuid) TO {login};
REVOKE ALL ON FUNCTION {app}.in_identity_context() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.in_identity_context() TO {app}_tenant;
GRANT ALL ON FUNCTION {app}.in_identity_context() TO {app}_user;
GRANT ALL ON FUNCTION {app}.in_identity_context() TO {app}_identity;
REVOKE ALL ON FUNCTION {app}.keep_an_owner() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.keep_an_owner() TO CURRENT_USER;
REVOKE ALL ON FUNCTION {app}.ranks_member_role(role text) FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.ranks_member_role(role text) TO {app}_tenant;
REVOKE ALL ON FUNCTION {app}.require_member_role(VARIADIC roles text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.require_member_role(VARIADIC roles text[]) TO {app}_tenant;
REVOKE ALL ON FUNCTION {app}.rotate_seal() FROM PUBLIC;
GRANT ALL ON FUNCTION {app}.rotate_seal() TO CURRENT_USER;
REVOKE ALL ON FUNCTION {app}.touch_updated_at() FROM PUBLIC;
CREATE POLICY gate_membership ON public.member FOR SELECT TO {app}_gate USING (true);
CREATE POLICY gate_organization ON public.organization FOR SELECT TO {app}_gate USING (true);
CREATE POLICY gate_organization_touch ON public.organization FOR UPDATE TO {app}_gate USING (true) WITH CHECK (true);
CREATE POLICY gate_token_lookup ON public.personal_access_token FOR SELECT TO {app}_gate USING (true);
CREATE POLICY gate_token_use ON public.personal_access_token FOR UPDATE TO {app}_gate USING (true) WITH CHECK (true);
CREATE POLICY identity_access ON public.account TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_access ON public.invitation TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_access ON public.member TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_access ON public.organization TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_access ON public.session TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_access ON public."user" TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_access ON public.verification TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public.account AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public.invitation AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public.member AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public.organization AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public.session AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public."user" AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY identity_boundary ON public.verification AS RESTRICTIVE TO {app}_identity USING (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (({app}.in_identity_context() AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY invitation_is_made ON public.invitation AS RESTRICTIVE FOR INSERT TO {app}_tenant WITH CHECK (((status = 'pending'::text) AND ((inviter_id)::text = current_setting('{app}.user_id'::text))));
CREATE POLICY invitation_is_withdrawn ON public.invitation AS RESTRICTIVE FOR UPDATE TO {app}_tenant USING ((status = ANY (ARRAY['pending'::text, 'withdrawn'::text]))) WITH CHECK ((status = 'withdrawn'::text));
CREATE POLICY tenant_access ON public.invitation TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_access ON public.member TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_access ON public.organization TO {app}_tenant USING (((id = {app}.current_organization_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((id = {app}.current_organization_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_access ON public.plan_step TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_access ON public.research_plan TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_access ON public."user" TO {app}_tenant USING (((id IN ( SELECT via.user_id
   FROM public.member via
  WHERE (via.organization_id = {app}.current_organization_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (((id IN ( SELECT via.user_id
   FROM public.member via
  WHERE (via.organization_id = {app}.current_organization_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY tenant_boundary ON public.invitation AS RESTRICTIVE TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_boundary ON public.member AS RESTRICTIVE TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_boundary ON public.organization AS RESTRICTIVE TO {app}_tenant USING (((id = {app}.current_organization_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((id = {app}.current_organization_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_boundary ON public.plan_step AS RESTRICTIVE TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_boundary ON public.research_plan AS RESTRICTIVE TO {app}_tenant USING (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((organization_id = {app}.current_organization_id()) AND (
CASE
    WHEN (organization_id = ( SELECT {app}.current_organization_id() AS current_organization_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY tenant_boundary ON public."user" AS RESTRICTIVE TO {app}_tenant USING (((id IN ( SELECT via.user_id
   FROM public.member via
  WHERE (via.organization_id = {app}.current_organization_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (((id IN ( SELECT via.user_id
   FROM public.member via
  WHERE (via.organization_id = {app}.current_organization_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY tenant_delete ON public.member AS RESTRICTIVE FOR DELETE TO {app}_tenant USING (
CASE
    WHEN (organization_id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN {app}.ranks_member_role(role)
        ELSE false
    END
    ELSE false
END);
CREATE POLICY tenant_insert ON public.invitation AS RESTRICTIVE FOR INSERT TO {app}_tenant WITH CHECK (
CASE
    WHEN (organization_id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN {app}.ranks_member_role(role)
        ELSE false
    END
    ELSE false
END);
CREATE POLICY tenant_update ON public.invitation AS RESTRICTIVE FOR UPDATE TO {app}_tenant USING (
CASE
    WHEN (organization_id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN {app}.ranks_member_role(role)
        ELSE false
    END
    ELSE false
END) WITH CHECK (
CASE
    WHEN (organization_id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN {app}.ranks_member_role(role)
        ELSE false
    END
    ELSE false
END);
CREATE POLICY tenant_update ON public.member AS RESTRICTIVE FOR UPDATE TO {app}_tenant USING (
CASE
    WHEN (organization_id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN {app}.ranks_member_role(role)
        ELSE false
    END
    ELSE false
END) WITH CHECK (
CASE
    WHEN (organization_id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN {app}.ranks_member_role(role)
        ELSE false
    END
    ELSE false
END);
CREATE POLICY tenant_update ON public.organization AS RESTRICTIVE FOR UPDATE TO {app}_tenant USING (
CASE
    WHEN (id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN true
        ELSE false
    END
    ELSE false
END) WITH CHECK (
CASE
    WHEN (id = {app}.current_organization_id()) THEN
    CASE
        WHEN {app}.require_member_role(VARIADIC ARRAY['owner'::text, 'admin'::text]) THEN true
        ELSE false
    END
    ELSE false
END);
CREATE POLICY user_access ON public.account TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_access ON public.member TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_access ON public.organization TO {app}_user USING (((id IN ( SELECT via.organization_id
   FROM public.member via
  WHERE (via.user_id = {app}.current_user_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (((id IN ( SELECT via.organization_id
   FROM public.member via
  WHERE (via.user_id = {app}.current_user_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY user_access ON public.personal_access_token TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_access ON public.session TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_access ON public."user" TO {app}_user USING (((id = {app}.current_user_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((id = {app}.current_user_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_boundary ON public.account AS RESTRICTIVE TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_boundary ON public.member AS RESTRICTIVE TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_boundary ON public.organization AS RESTRICTIVE TO {app}_user USING (((id IN ( SELECT via.organization_id
   FROM public.member via
  WHERE (via.user_id = {app}.current_user_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL))) WITH CHECK (((id IN ( SELECT via.organization_id
   FROM public.member via
  WHERE (via.user_id = {app}.current_user_id()))) AND (( SELECT true
  WHERE {app}.context_is_genuine()) IS NOT NULL)));
CREATE POLICY user_boundary ON public.personal_access_token AS RESTRICTIVE TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_boundary ON public.session AS RESTRICTIVE TO {app}_user USING (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((user_id = {app}.current_user_id()) AND (
CASE
    WHEN (user_id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE POLICY user_boundary ON public."user" AS RESTRICTIVE TO {app}_user USING (((id = {app}.current_user_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL))) WITH CHECK (((id = {app}.current_user_id()) AND (
CASE
    WHEN (id = ( SELECT {app}.current_user_id() AS current_user_id
      WHERE {app}.context_is_genuine())) THEN true
    ELSE NULL::boolean
END IS NOT NULL)));
CREATE TRIGGER act_by_present_role BEFORE DELETE OR UPDATE OF role ON public.member FOR EACH ROW EXECUTE FUNCTION {app}.act_by_present_role();
CREATE TRIGGER keep_an_owner AFTER DELETE OR UPDATE OF role ON public.member FOR EACH ROW EXECUTE FUNCTION {app}.keep_an_owner();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.account FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.invitation FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.member FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.organization FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.personal_access_token FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.plan_step FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.research_plan FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.session FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public."user" FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.verification FOR EACH ROW EXECUTE FUNCTION {app}.touch_updated_at();
REFRESH MATERIALIZED VIEW {app}.seal_key;
REFRESH MATERIALIZED VIEW {app}.seal_key_previous;
