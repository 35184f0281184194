/** The statements of the keys of meters beside sales on PostgreSQL. */

const CHANGES = `
  SELECT k.sale_id, k.meter_pan, k.changed_at, k.from_key, k.to_key, k.three_sections, s.vendor_id,
    s.response_body::json ->> 'operator' AS operator_id, k.confirmed_at, k.confirmed_by, k.revoked_at, k.revoked_by,
    k.previous_sale_id, h.last_sale_id
  FROM key_change AS k JOIN sale AS s ON s.sale_id = k.sale_id LEFT JOIN meter_history AS h ON h.meter_pan = k.meter_pan`;
/** The place of a set among those of its meter. */
const PLACE = 'coalesce(k.meter_version, -1), k.changed_at, k.sale_id';
const NEWEST_FIRST = 'ORDER BY coalesce(k.meter_version, -1) DESC, k.changed_at DESC, k.sale_id DESC';
const metersWhere = (columns: string, rule: string) => `
  SELECT ${columns.replaceAll(/\b(\w+)\b/g, 'm.$1')}, h.last_at, c.sale_id, c.changed_at, c.confirmed_at
  FROM meter AS m LEFT JOIN meter_history AS h ON h.meter_pan = m.meter_pan
  LEFT JOIN LATERAL (
    SELECT k.sale_id, k.changed_at, k.confirmed_at FROM key_change AS k
    WHERE k.meter_pan = m.meter_pan AND k.revoked_at IS NULL ${NEWEST_FIRST} LIMIT 1) AS c ON true
  WHERE ${rule} ORDER BY m.meter_pan LIMIT $2`;

/** @param meterColumns - of the table `meter`, as all statements list them. */
export const keysSql = (meterColumns: string) =>
  ({
    /** Claims that still stand end with the change that they entitle to. */
    endClaims: 'DELETE FROM vend_claim WHERE claim_id = ANY ($1::bigint[]) RETURNING claim_id',
    /** In one order, so that two who change many do not wait for each other. */
    lockMeters: `SELECT 1 FROM meter WHERE meter_pan = ANY ($1::text[]) ORDER BY meter_pan FOR NO KEY UPDATE`,
    setMeters: `
      UPDATE meter SET decoder_key_algorithm = n.decoder_key_algorithm, supply_group_code = n.supply_group_code,
        tariff_index = n.tariff_index, key_revision = n.key_revision, key_type = n.key_type, base_date = n.base_date,
        tariff_id = n.tariff_id, token_carrier_type = n.token_carrier_type, key_expiry = n.key_expiry,
        stores_supply_group = n.stores_supply_group, wanted_key = n.wanted_key, issued_key_change = n.issued_key_change
      FROM json_to_recordset($1) AS n(meter_pan text, decoder_key_algorithm integer, supply_group_code text,
        tariff_index integer, key_revision integer, key_type integer, base_date text, tariff_id text,
        token_carrier_type integer, key_expiry integer, stores_supply_group boolean, wanted_key text, issued_key_change text)
      WHERE meter.meter_pan = n.meter_pan`,
    /** Sales that were reckoned with the records before must be reckoned again. */
    raiseVersions: `
      INSERT INTO meter_history AS h (meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor, charges)
      SELECT meter_pan, 1, $2, $3, $4, $5, $6 FROM unnest($1::text[]) AS p(meter_pan) ORDER BY meter_pan
      ON CONFLICT (meter_pan) DO UPDATE SET version = h.version + 1`,
    judgeKeyChanges: `
      UPDATE key_change AS k SET
        confirmed_at = CASE WHEN v.kind = 'confirmed' THEN coalesce(k.confirmed_at, v.at) ELSE k.confirmed_at END,
        confirmed_by = CASE WHEN v.kind = 'confirmed' THEN coalesce(k.confirmed_by, v.by) ELSE k.confirmed_by END,
        revoked_at = CASE WHEN v.kind = 'revoked' THEN coalesce(k.revoked_at, v.at) ELSE k.revoked_at END,
        revoked_by = CASE WHEN v.kind = 'revoked' THEN coalesce(k.revoked_by, v.by) ELSE k.revoked_by END
      FROM json_to_recordset($1) AS v(sale_id text, kind text, at bigint, by text) WHERE k.sale_id = v.sale_id`,
    findKeyChange: `${CHANGES} WHERE k.sale_id = $1`,
    keyChanges: `${CHANGES} WHERE k.meter_pan = $1 ${NEWEST_FIRST} LIMIT $2`,
    keyChangesBefore: `${CHANGES} WHERE k.meter_pan = $1 AND (${PLACE}) < (
        SELECT ${PLACE} FROM key_change AS k WHERE k.sale_id = $3) ${NEWEST_FIRST} LIMIT $2`,
    keysHeld: `SELECT DISTINCT meter_pan, from_key, to_key FROM key_change
      WHERE meter_pan = ANY ($1::text[]) AND revoked_at IS NULL`,
    meterKeys: metersWhere(meterColumns, 'm.meter_pan > $1'),
    meterKeysOfGroup: metersWhere(meterColumns, 'm.supply_group_code = $3 AND m.meter_pan > $1'),
  }) as const;
