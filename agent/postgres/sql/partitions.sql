-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- Monthly partitions, in UTC: created in advance, and dropped by age.

CREATE OR REPLACE FUNCTION cseqguard.make_partition(parent text, key text, month timestamptz)
	RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	partition text := parent || to_char(month, '_YYYYMM');
	"default" text := parent || '_default';
	columns text;
	moved bigint;
BEGIN
	SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
	WHERE attrelid = format('cseqguard.%I', parent)::regclass
		AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
	-- Locks are taken in the order of the writers. ATTACH PARTITION only blocks users of the default
	-- partition. CREATE TABLE ... PARTITION OF would wait for every reader.
	EXECUTE format('LOCK TABLE ONLY cseqguard.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
	EXECUTE format('LOCK TABLE cseqguard.%I IN ACCESS EXCLUSIVE MODE', "default");
	EXECUTE format('CREATE TABLE cseqguard.%I (LIKE cseqguard.%I INCLUDING ALL)', partition, parent);
	EXECUTE format('WITH moved AS (DELETE FROM cseqguard.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING %5$s)
		INSERT INTO cseqguard.%6$I (%5$s) SELECT * FROM moved', "default", key, month,
		month + interval '1 month', columns, partition);
	GET DIAGNOSTICS moved = ROW_COUNT;
	EXECUTE format('ALTER TABLE cseqguard.%I ATTACH PARTITION cseqguard.%I FOR VALUES FROM (%L) TO (%L)',
		parent, partition, month, month + interval '1 month');
	RETURN moved;
END $$;

-- Creates the missing partitions of this month and the next two, and of each month from `since` on that
-- has rows in the default partition, and moves those rows. Returns the partitions it created, and those
-- it could not create because existing partitions overlap them (made is false), or because the default
-- partition is in use (made is null; try again later). The daemon calls this after each connect, and once
-- a day.
CREATE OR REPLACE FUNCTION cseqguard.make_partitions(since timestamptz DEFAULT now())
	RETURNS TABLE (partition text, made boolean, why text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
	parent text;
	key text;
	this timestamptz := date_trunc('month', now());
	month timestamptz;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('cseqguard.schema'));
	FOR parent, key IN VALUES ('cdr', 'setup_time'), ('violation', 'at') LOOP
		FOR month IN EXECUTE format('SELECT generate_series($1, $1 + interval ''2 months'', interval ''1 month'')
			UNION SELECT DISTINCT date_trunc(''month'', %I) FROM cseqguard.%I
			WHERE %1$I >= date_trunc(''month'', $2) AND %1$I < $1 ORDER BY 1', key, parent || '_default')
			USING this, since
		LOOP
			partition := format('cseqguard.%I', parent || to_char(month, '_YYYYMM'));
			CONTINUE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(partition)
				AND inhparent = format('cseqguard.%I', parent)::regclass);
			BEGIN
				why := format('%s rows moved', cseqguard.make_partition(parent, key, month));
				made := true;
			EXCEPTION
				WHEN invalid_object_definition OR duplicate_table THEN
					why := SQLERRM;
					made := false;
				WHEN lock_not_available THEN -- a long report reads the default partition
					why := 'the default partition is in use';
					made := NULL;
			END;
			RETURN NEXT;
			EXIT WHEN made IS NULL; -- do not wait again for the same table
		END LOOP;
	END LOOP;
END $$;

-- Returns the number of calls in a partition that are not settled; for a partition of violations, the
-- number of such calls that have violations in it.
CREATE OR REPLACE FUNCTION cseqguard.unsettled(parent regclass, partition text)
	RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found bigint;
BEGIN
	EXECUTE format(CASE parent WHEN 'cseqguard.cdr'::regclass
		THEN 'SELECT count(*) FROM %s WHERE suspect OR end_time IS NULL'
		ELSE 'SELECT count(DISTINCT call_uid) FROM %s WHERE call_uid IN
			(SELECT call_uid FROM cseqguard.cdr WHERE suspect OR end_time IS NULL)' END, partition)
		INTO found;
	RETURN found;
END $$;

-- True if a partition of calls has an open or suspect one. The partial indexes answer at once, so the
-- check may run while the partition is locked.
CREATE OR REPLACE FUNCTION cseqguard.has_unsettled(partition text)
	RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found boolean;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %1$s WHERE suspect) OR EXISTS (SELECT FROM %1$s WHERE end_time IS NULL)',
		partition) INTO found;
	RETURN found;
END $$;

-- Returns the time before which rows are older than older_than. It is now() - older_than, unless the rows of
-- both tables have pauses: a pause of more than a week counts as a week. So no clock that is set wrong, neither
-- this server's nor that of a guard's host, makes other rows older than by a week: the years that it skips have
-- no rows. Rows in the future count nothing. -infinity: the rows do not cover such an age yet.
CREATE OR REPLACE FUNCTION cseqguard.age_limit(older_than interval)
	RETURNS timestamptz LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	week CONSTANT interval := '7 days';
	reached timestamptz := now();
	missing interval := now() - (now() - older_than);
	earlier timestamptz;
	counted interval;
BEGIN
	WHILE missing > interval '0' LOOP
		earlier := least(
			(SELECT min(setup_time) FROM cseqguard.cdr WHERE setup_time >= reached - week AND setup_time < reached),
			(SELECT min(at) FROM cseqguard.violation WHERE at >= reached - week AND at < reached));
		IF earlier IS NULL THEN
			earlier := greatest((SELECT max(setup_time) FROM cseqguard.cdr WHERE setup_time < reached - week),
				(SELECT max(at) FROM cseqguard.violation WHERE at < reached - week));
		END IF;
		IF earlier IS NULL THEN
			RETURN '-infinity';
		END IF;
		counted := least(reached - earlier, week, missing);
		missing := missing - counted;
		reached := CASE WHEN missing > interval '0' THEN earlier ELSE reached - counted END;
	END LOOP;
	RETURN reached;
END $$;

-- Returns the number of calls in a partition that were stored at or after `since`, by this server's clock; for
-- a partition of violations, the number of such calls that have violations in it. Their host had a wrong clock
-- when they were set up, or their rows waited in the spool. A call that an operator settled does not count.
CREATE OR REPLACE FUNCTION cseqguard.stored_since(parent regclass, partition text, upper timestamptz, since timestamptz)
	RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found bigint;
BEGIN
	EXECUTE format('SELECT count(DISTINCT call_uid) FROM cseqguard.cdr WHERE setup_time < $1 AND closed_at >= $2
		AND end_reason <> ''operator'' AND call_uid IN (SELECT call_uid FROM %s)', partition)
		INTO found USING upper, since;
	RETURN found;
END $$;

-- Returns the partitions that end before now() - older_than, and what keeps each from being dropped; why is
-- null if nothing does. It counts rows, but locks nothing.
CREATE OR REPLACE FUNCTION cseqguard.old_partitions(older_than interval)
	RETURNS TABLE (parent regclass, partition text, why text) LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	old_before CONSTANT timestamptz := cseqguard.age_limit(older_than);
	bound text;
	upper timestamptz;
	oldest timestamptz;
	open bigint;
	late bigint;
BEGIN
	FOR parent, partition, bound IN
		SELECT inhparent, inhrelid::regclass, pg_get_expr(relpartbound, inhrelid)
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
		WHERE inhparent IN ('cseqguard.cdr'::regclass, 'cseqguard.violation'::regclass)
		ORDER BY inhparent::regclass::text, relname
	LOOP
		IF bound = 'DEFAULT' THEN
			EXECUTE format('SELECT count(*), min(%I) FROM %s WHERE %1$I < $1',
				CASE parent WHEN 'cseqguard.cdr'::regclass THEN 'setup_time' ELSE 'at' END, partition)
				INTO open, oldest USING now() - older_than;
			CONTINUE WHEN open = 0;
			why := format('%s older rows; SELECT cseqguard.make_partitions(%L) moves them to partitions', open, oldest);
		ELSE
			upper := substring(bound FROM ' TO \(''([^'']+)''\)');
			CONTINUE WHEN coalesce(upper > now() - older_than, true);
			open := cseqguard.unsettled(parent, partition);
			late := cseqguard.stored_since(parent, partition, upper, now() - older_than);
			why := CASE
				WHEN open > 0 THEN format('%s open or suspect calls; settle them', open)
				WHEN late > 0 THEN format('%s calls were stored later than that: late, or by a host with a wrong clock', late)
				WHEN upper > old_before THEN 'old by the clock, but not by the rows since then: a pause counts as a week'
			END;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

-- For the owner: drops the partitions that end before now() - older_than, except those that old_partitions()
-- names a reason for: open or suspect calls, or a clock that the rows do not confirm. Returns a row for each
-- partition. Writers wait for a tenth of a second at most: all rows are counted before the first lock, a lock
-- that somebody holds is given up and tried again, for 5 s as long as nothing is locked, and 40 ms after the
-- first lock the rest is left for another call.
CREATE OR REPLACE FUNCTION cseqguard.drop_partitions(older_than interval)
	RETURNS TABLE (partition text, dropped boolean, why text) LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
	old record;
	locked_at timestamptz; -- of a parent, until the end; null: none is
	held timestamptz; -- it, before this partition
BEGIN
	IF older_than < interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = format('older_than %s: expected a positive age such as 1 year', older_than);
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('cseqguard.schema'));
	PERFORM set_config('lock_timeout', '50ms', true); -- until the function returns
	FOR old IN SELECT * FROM cseqguard.old_partitions(older_than) LOOP -- all of them, before the first lock
		partition := old.partition;
		why := old.why;
		dropped := false;
		FOR attempt IN 1..50 LOOP
			EXIT WHEN old.why IS NOT NULL;
			IF clock_timestamp() > locked_at + interval '40 ms' THEN
				why := 'writers wait already; call the function again';
				EXIT;
			END IF;
			held := locked_at;
			BEGIN
				-- the parent first, in the order of the writers
				EXECUTE format('LOCK TABLE ONLY %s, ONLY %s IN ACCESS EXCLUSIVE MODE', old.parent, partition);
				locked_at := coalesce(locked_at, clock_timestamp());
				IF old.parent = 'cseqguard.cdr'::regclass AND cseqguard.has_unsettled(partition) THEN
					why := 'a call has just become open or suspect; settle it';
				ELSE
					EXECUTE format('DROP TABLE %s', partition);
					dropped := true;
					why := 'older';
				END IF;
				EXIT;
			EXCEPTION
				WHEN lock_not_available THEN
					why := 'in use; try again';
				WHEN dependent_objects_still_exist THEN -- a view of the owner, for example
					why := SQLERRM;
					locked_at := held;
					EXIT;
			END;
			EXIT WHEN locked_at IS NOT NULL;
			PERFORM pg_sleep(0.05);
		END LOOP;
		RETURN NEXT;
	END LOOP;
END $$;
