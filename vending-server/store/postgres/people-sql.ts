/** The statements of people, approvals and the audit trail on PostgreSQL. */

const USER = `user_id, name, roles, vendor_id, is_disabled, version, created_at,
  password_hash IS NOT NULL AS has_password`;
const KEY =
  'key_id, role, vendor_id, label, scopes, created_at, created_by, expires_at, revoked_at, last_used_day';
const APPROVAL = `approval_id, kind, payload, payload_hash, request_key, vendor_id, reason, requested_by, requested_at,
  expires_at, state, decided_by, decided_at, note, used_by, result`;
const AUDIT = `sequence, at, principal, credential_id, roles, vendor_id, action, target, outcome, request_id,
  previous_hash, entry_hash`;

export const PEOPLE_SQL = {
  // What has no row to lock yet is locked by its name until the commit; all in one order, so that no two wait for each other.
  lockNames: `SELECT pg_advisory_xact_lock(number) FROM (
    SELECT hashtextextended(name, 0) AS number FROM unnest($1::text[]) AS n(name) ORDER BY 1) AS ordered`,

  findUser: `SELECT ${USER} FROM person WHERE user_id = $1`,
  users: `SELECT ${USER} FROM person WHERE user_id > $1 ORDER BY user_id LIMIT $2`,
  hasVendor: 'SELECT 1 FROM vendor WHERE vendor_id = $1',
  addUser: `INSERT INTO person (user_id, name, roles, vendor_id, is_disabled, version, created_at)
    VALUES ($1, $2, $3, $4, $5, 1, $6)`,
  changeUser: `UPDATE person SET name = $2, roles = $3, vendor_id = $4, is_disabled = $5, version = version + 1
    WHERE user_id = $1`,
  findPassword: 'SELECT password_hash FROM person WHERE user_id = $1',
  setPassword: `UPDATE person SET password_hash = $2, password_set_at = $3, setup_code_hash = NULL, setup_code_until = NULL
    WHERE user_id = $1`,
  setSetupCode: 'UPDATE person SET setup_code_hash = $2, setup_code_until = $3 WHERE user_id = $1',
  spendSetupCode: `UPDATE person SET password_hash = $3, password_set_at = $4, setup_code_hash = NULL,
      setup_code_until = NULL
    WHERE user_id = $1 AND setup_code_hash = $2 AND setup_code_until > $4 RETURNING 1`,

  findAttempts: 'SELECT failures, last_at, allowed_at FROM login_attempt WHERE subject = $1',
  putAttempts: `INSERT INTO login_attempt (subject, failures, last_at, allowed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
      allowed_at = excluded.allowed_at`,
  forgetOldAttempts: 'DELETE FROM login_attempt WHERE last_at < $1',
  forgetAttempts: 'DELETE FROM login_attempt WHERE subject = $1',

  addSession: `INSERT INTO person_session (session_hash, session_id, user_id, created_at, last_seen_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6)`,
  findSession: `SELECT s.session_hash, s.session_id, s.created_at AS opened_at, s.last_seen_at, s.ends_at, u.user_id, u.name,
      u.roles, u.vendor_id, u.is_disabled, u.version, u.created_at, u.password_hash IS NOT NULL AS has_password
    FROM person_session AS s JOIN person AS u ON u.user_id = s.user_id
    WHERE s.session_hash = $1 AND NOT u.is_disabled`,
  touchSession: 'UPDATE person_session SET last_seen_at = greatest(last_seen_at, $2) WHERE session_hash = $1',
  endSession: 'DELETE FROM person_session WHERE session_hash = $1',
  endSessionsOf: 'DELETE FROM person_session WHERE user_id = $1 RETURNING 1',
  forgetOldSessions: 'DELETE FROM person_session WHERE user_id = $1 AND ends_at < $2',

  apiKeys: `SELECT ${KEY} FROM api_key WHERE key_id > $1 ORDER BY key_id LIMIT $2`,
  findApiKeyById: `SELECT ${KEY} FROM api_key WHERE key_id = $1`,
  revokeApiKey: 'UPDATE api_key SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL',
  expireApiKey: 'UPDATE api_key SET expires_at = least(coalesce(expires_at, $2), $2) WHERE key_id = $1',
  touchApiKey: 'UPDATE api_key SET last_used_day = $2 WHERE key_hash = $1',

  findSetting: 'SELECT value FROM setting WHERE name = $1',
  settings: 'SELECT name, value FROM setting ORDER BY name',
  seedSetting:
    'INSERT INTO setting (name, value, changed_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
  putSetting: `INSERT INTO setting (name, value, changed_at) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`,

  addApproval: `INSERT INTO approval (approval_id, kind, payload, payload_hash, request_key, vendor_id, reason,
      requested_by, requested_at, expires_at, state, note, result)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', '', '')`,
  findApproval: `SELECT ${APPROVAL} FROM approval WHERE approval_id = $1`,
  lockApproval: `SELECT ${APPROVAL} FROM approval WHERE approval_id = $1 FOR UPDATE`,
  findOpenApproval: `SELECT ${APPROVAL} FROM approval WHERE request_key = $1 AND state IN ('pending', 'approved') FOR UPDATE`,
  expireApproval: `UPDATE approval SET state = 'expired' WHERE approval_id = $1 AND state = 'pending'`,
  withdrawApproval: `UPDATE approval SET state = 'rejected', note = 'not used in time'
    WHERE approval_id = $1 AND state = 'approved'`,
  approvals: `SELECT ${APPROVAL} FROM approval WHERE approval_id < $1 ORDER BY approval_id DESC LIMIT $2`,
  approvalsOfState: `SELECT ${APPROVAL} FROM approval WHERE state = $1 AND approval_id < $2
    ORDER BY approval_id DESC LIMIT $3`,
  decideApproval: `UPDATE approval SET state = $2, decided_by = $3, decided_at = $4, note = $5, result = $6
    WHERE approval_id = $1 AND state = 'pending' RETURNING ${APPROVAL}`,
  useApproval: `UPDATE approval SET state = 'executed', used_by = $2 WHERE approval_id = $1 AND state = 'approved'`,

  addAuditEntries: `INSERT INTO audit_entry (${AUDIT})
    SELECT ${AUDIT} FROM json_to_recordset($1) AS r(sequence bigint, at bigint, principal text, credential_id text,
      roles text, vendor_id text, action text, target text, outcome text, request_id text, previous_hash text,
      entry_hash text)`,
  lastAuditEntry: `SELECT ${AUDIT} FROM audit_entry ORDER BY sequence DESC LIMIT 1`,
  // No index but that of the numbers: every request of a seller writes an entry, and few ever ask.
  searchAudit: `SELECT ${AUDIT} FROM (
      SELECT * FROM audit_entry WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2) AS newest
    WHERE ($4::text IS NULL OR principal = $4)
      AND ($5::text IS NULL OR strpos(target, $5) > 0 OR strpos(action, $5) > 0)
    ORDER BY sequence DESC LIMIT $3`,
  auditEntries: `SELECT ${AUDIT} FROM audit_entry WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
} as const;
