CREATE TABLE consent_ledger (
    sequence INTEGER PRIMARY KEY,
    recorded INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    scope    TEXT NOT NULL,
    device   BLOB NOT NULL,
    account  BLOB NOT NULL,
    personal BLOB,
    seal     BLOB,
    open     BLOB NOT NULL,
    hash     BLOB NOT NULL
) STRICT;

CREATE INDEX consent_ledger_device ON consent_ledger (device, sequence) WHERE device <> x'';
CREATE INDEX consent_ledger_account ON consent_ledger (account, sequence) WHERE account <> x'';
CREATE INDEX consent_ledger_recorded ON consent_ledger (recorded);

CREATE TABLE consent_ledger_keys (
    name BLOB PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consent_ledger_head (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL,
    hash     BLOB
) STRICT;

INSERT INTO consent_ledger_head VALUES (1, 0, NULL);

CREATE TRIGGER consent_ledger_no_delete BEFORE DELETE ON consent_ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append only');
END;

CREATE TRIGGER consent_ledger_erase_only BEFORE UPDATE ON consent_ledger
WHEN NEW.sequence <> OLD.sequence OR NEW.recorded <> OLD.recorded OR NEW.kind <> OLD.kind OR NEW.scope <> OLD.scope
    OR NEW.seal IS NOT OLD.seal OR NEW.open <> OLD.open OR NEW.hash <> OLD.hash
    OR NEW.device <> x'' OR NEW.account <> x'' OR NEW.personal IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append only');
END;
