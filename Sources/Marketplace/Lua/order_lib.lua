-- Fragment `orders` (requires ckeys, products, ledger): every transition of an order and its payment.
-- The charge job, the webhook and the free checkout share these functions. Each checks the state it leaves; who comes
-- second changes nothing. None can fail after its first write.
--
-- order    open → processing → paid | canceled | expired; back to open whenever the buyer has to act
-- payment  processing → succeeded | requires_action | requires_payment_method (declined); canceled; late_success
local M = {}

function M.get(id)
  local o = ckeys.hash(ckeys.order(id))
  if not o.id then return nil end
  return o
end

function M.payment(id)
  local p = ckeys.hash(ckeys.payment(id))
  if not p.id then return nil end
  return p
end

-- Order and payment, if they belong together.
function M.pair(order, payment)
  local o, p = M.get(order), M.payment(payment)
  if not o or not p or p.order ~= o.id then return nil, nil end
  return o, p
end

-- Tells whoever waits. The channel is one for all orders, so a process needs one subscription.
function M.changed(id)
  redis.call('HINCRBY', ckeys.order(id), 'rev', 1)
  redis.call('PUBLISH', ckeys.events(), id)
end

-- A step of the order's story, for operators.
function M.note(id, what, request, detail, reference)
  ckeys.note(ckeys.order_log(id), 200, what, request, detail, reference)
end

local alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

-- Line and entitlement share the order's identifier, with the line's index in its last two characters: the same
-- whoever settles, and no identifiers have to be brought along. 32 * 32 lines; a cart holds 100.
function M.line_id(prefix, order, index)
  local high, low = math.floor(index / 32) + 1, index % 32 + 1
  return prefix .. '_' .. string.sub(order, 5, -3) .. string.sub(alphabet, high, high) .. string.sub(alphabet, low, low)
end

local function now_text() return ckeys.int(now) end

local function set_payment(id, fields)
  local flat = { 'updated', now_text() }
  for field, value in pairs(fields) do
    flat[#flat + 1] = field
    flat[#flat + 1] = value
  end
  redis.call('HSET', ckeys.payment(id), unpack(flat))
end

-- Money came that the order has no use for: after a cancel or an expiry, for an earlier payment number, a second time,
-- or of another amount. It is booked as owed back and refunded. Once per intent.
local function late(o, p, a)
  if a.intent == '' or p['late:' .. a.intent] then return 'late' end
  local fields = { ['late:' .. a.intent] = 'refund_due' }
  if p.status == 'canceled' then fields.status = 'late_success' end
  set_payment(p.id, fields)
  local entry = ledger.post({
    kind = 'late', order = o.id, payment = p.id, intent = a.intent, currency = a.currency,
    lines = { { 'provider', a.amount, 'payment' }, { 'refunds:due', -a.amount, 'late' } },
  })
  M.note(o.id, 'late_payment', a.request, a.intent .. ', ' .. a.by, entry)
  if a.refund then enqueue(a.refund) end
  M.changed(o.id)
  return 'late'
end

local function entitle(o, index, item)
  local id = M.line_id('ent', o.id, index)
  local p = products.get(item.product) or {}
  local files = p.files or '[]'
  if files == '' then files = '[]' end
  local limit = p.download_limit or ''
  if limit == '' then limit = ckeys.int(tonumber(o.per_file) * math.max(1, #cjson.decode(files))) end
  -- The files are kept as they are now: what was bought stays, whatever the seller does to the product.
  redis.call('HSET', ckeys.entitlement(id), 'id', id, 'user', o.user, 'order', o.id, 'item', item.id,
    'product', item.product, 'seller', item.seller, 'title', item.title, 'slug', item.slug, 'status', 'active',
    'epoch', '1', 'limit', limit, 'used', '0', 'created', now_text(), 'files', files)
  redis.call('ZADD', ckeys.user_entitlements(o.user), 0, id)
  redis.call('HSET', ckeys.owned(o.user), item.product, id)
  redis.call('ZADD', ckeys.seller_sales(item.seller), 0, o.id .. ':' .. ckeys.int(index))
  products.sold(item.product, 1)
end

-- settle{ order, payment, number, intent, amount, currency, fulfil, refund, by, request } → settled | late | ignored
-- Marks order and payment, creates the entitlements, writes the ledger, counts the sales, enqueues what follows.
function M.settle(a)
  local o, p = M.pair(a.order, a.payment)
  if not o then return 'ignored' end
  if o.status == 'paid' and p.intent == a.intent then return 'settled' end
  if (o.status ~= 'open' and o.status ~= 'processing') or tonumber(p.number) ~= a.number
    or tonumber(o.total) ~= a.amount or o.currency ~= a.currency then
    return late(o, p, a)
  end
  local items = cjson.decode(o.items)
  local lines = { { 'provider', a.amount, 'payment' } }
  for i, item in ipairs(items) do
    entitle(o, i - 1, item)
    local price = tonumber(item.price)
    local fee = math.floor(price * tonumber(o.fee_bps) / 10000)
    lines[#lines + 1] = { 'seller:' .. item.seller, fee - price, 'earning', item.id }
    lines[#lines + 1] = { 'platform:fees', -fee, 'fee', item.id }
  end
  local entry = ''
  if a.amount > 0 then
    entry = ledger.post({
      kind = 'sale', order = o.id, payment = p.id, intent = a.intent, currency = o.currency, lines = lines,
    })
  end
  redis.call('HSET', ckeys.order(o.id), 'status', 'paid', 'payment_status', 'paid', 'paid', now_text(), 'ledger', entry)
  set_payment(p.id, {
    status = 'succeeded', intent = a.intent, captured = ckeys.int(a.amount), decline_code = '', decline_reason = '',
    decline_message = '', action_type = '', action_url = '',
  })
  M.note(o.id, 'paid', a.request, (a.intent == '' and 'free' or a.intent) .. ', ' .. a.by, entry)
  ckeys.count('orders', 'paid')
  if a.fulfil then enqueue(a.fulfil) end
  M.changed(o.id)
  return 'settled'
end

-- What a provider calls it is the provider's to invent: the rest is counted as other.
local DECLINES = {
  card_declined = true, expired_card = true, incorrect_cvc = true, processing_error = true, payment_canceled = true,
  payment_intent_authentication_failure = true,
}

-- decline{ order, payment, number, code, reason, message, by, request } → declined | ignored
function M.decline(a)
  local o, p = M.pair(a.order, a.payment)
  if not o or tonumber(p.number) ~= a.number then return 'ignored' end
  if p.status ~= 'processing' and p.status ~= 'requires_action' then return 'ignored' end
  redis.call('HSET', ckeys.order(o.id), 'status', 'open', 'payment_status', 'failed')
  set_payment(p.id, {
    status = 'requires_payment_method', decline_code = a.code, decline_reason = a.reason, decline_message = a.message,
    action_type = '', action_url = '',
  })
  ckeys.count('declines', DECLINES[a.code] and a.code or 'other')
  local reason = a.reason ~= '' and a.reason or a.code
  M.note(o.id, 'declined', a.request, string.sub(reason .. ': ' .. a.message, 1, 200) .. ', ' .. a.by)
  M.changed(o.id)
  return 'declined'
end

-- challenge{ order, payment, number, action_type, action_url, by, request } → requires_action | ignored
-- News may be older than the buyer's answer, so a challenge that was answered is not put again.
function M.challenge(a)
  local o, p = M.pair(a.order, a.payment)
  if not o or tonumber(p.number) ~= a.number or p.status ~= 'processing' or p.answer ~= '' then return 'ignored' end
  redis.call('HSET', ckeys.order(o.id), 'status', 'open')
  set_payment(p.id, { status = 'requires_action', action_type = a.action_type, action_url = a.action_url })
  M.note(o.id, 'challenged', a.request, a.action_type .. ', ' .. a.by)
  M.changed(o.id)
  return 'requires_action'
end

-- The order ends unpaid as `canceled` or `expired`. The caller has checked that its state allows it.
function M.close(o, p, status, request)
  redis.call('HSET', ckeys.order(o.id), 'status', status, 'canceled', now_text())
  ckeys.count('orders', status)
  set_payment(p.id, { status = 'canceled', action_type = '', action_url = '' })
  M.note(o.id, status, request)
  M.changed(o.id)
end

-- Whether the buyer owns the product.
local function owned(user, product)
  local id = redis.call('HGET', ckeys.owned(user), product)
  if not id then return false end
  return redis.call('HGET', ckeys.entitlement(id), 'status') ~= 'revoked'
end

-- The order by which the buyer is paying for the product right now, besides this one; or nil. What `buy:<user>` names
-- counts only while that order is being charged or waits for its confirmation, so nobody has to clear it.
local function buying(user, product, order)
  local id = redis.call('HGET', ckeys.buying(user), product)
  if not id or id == order then return nil end
  local o = redis.call('HMGET', ckeys.order(id), 'status', 'payment')
  if o[1] == 'processing' then return id end
  if o[1] == 'open' and redis.call('HGET', ckeys.payment(o[2]), 'status') == 'requires_action' then return id end
  return nil
end

-- nil, or why the buyer must not pay for the product now: once is enough, also from two carts in two windows.
function M.double(user, product, order)
  if owned(user, product) then return 'already_owned', product end
  local other = buying(user, product, order)
  if other then return 'purchase_in_progress', other end
  return nil
end

function M.mark_buying(user, product, order) redis.call('HSET', ckeys.buying(user), product, order) end

-- Order and payment as Swift reads them (Order+reading.swift).
function M.reply(id)
  local flat = redis.call('HGETALL', ckeys.order(id))
  if #flat == 0 then return {} end
  local payment = redis.call('HGET', ckeys.order(id), 'payment')
  return { flat, redis.call('HGETALL', ckeys.payment(payment)) }
end

return M
