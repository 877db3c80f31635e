CREATE TABLE consent_ledger (
    sequence bigint PRIMARY KEY,
    recorded bigint NOT NULL,
    kind     text NOT NULL,
    scope    text NOT NULL,
    device   bytea NOT NULL,
    account  bytea NOT NULL,
    personal bytea,
    seal     bytea,
    open     bytea NOT NULL,
    hash     bytea NOT NULL
);

CREATE INDEX consent_ledger_device ON consent_ledger (device, sequence) WHERE device <> '';
CREATE INDEX consent_ledger_account ON consent_ledger (account, sequence) WHERE account <> '';
CREATE INDEX consent_ledger_recorded ON consent_ledger (recorded);

CREATE TABLE consent_ledger_keys (
    name bytea PRIMARY KEY,
    key  bytea NOT NULL
);

CREATE TABLE consent_ledger_head (
    one      integer PRIMARY KEY CHECK (one = 1),
    sequence bigint NOT NULL,
    hash     bytea
);

INSERT INTO consent_ledger_head VALUES (1, 0, NULL);

CREATE FUNCTION consent_ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.device = '' AND NEW.account = '' AND NEW.personal IS NULL
        AND (NEW.sequence, NEW.recorded, NEW.kind, NEW.scope, NEW.open, NEW.hash) = (OLD.sequence, OLD.recorded, OLD.kind, OLD.scope, OLD.open, OLD.hash)
        AND NEW.seal IS NOT DISTINCT FROM OLD.seal
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the ledger is append only';
END
$$;

CREATE TRIGGER consent_ledger_append_only BEFORE UPDATE OR DELETE ON consent_ledger
    FOR EACH ROW EXECUTE FUNCTION consent_ledger_append_only();
CREATE TRIGGER consent_ledger_no_truncate BEFORE TRUNCATE ON consent_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION consent_ledger_append_only();
