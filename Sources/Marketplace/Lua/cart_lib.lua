-- Fragment `carts` (requires ckeys, products): what is in a cart at today's prices, and the quote over it.
local M = {}

function M.get(id)
  local c = ckeys.hash(ckeys.cart(id))
  if not c.id then return nil end
  return c
end

-- A guest cart's id is its capability; a user's cart is only its owner's.
function M.visible(c, viewer) return c.owner == '' or c.owner == viewer end

-- The lines in the order they were put in: {product, captured, captured_currency, added, p, price, currency, available}.
function M.lines(id)
  local flat = redis.call('HGETALL', ckeys.cart_items(id))
  local lines = {}
  for i = 1, #flat, 2 do
    local item = cjson.decode(flat[i + 1])
    local p = products.get(flat[i])
    lines[#lines + 1] = {
      product = flat[i], captured = item.price, captured_currency = item.currency, added = tonumber(item.added), p = p,
      price = p and p.price or item.price, currency = p and p.currency or item.currency,
      available = (p and products.buyable(p)) and true or false,
    }
  end
  table.sort(lines, function(a, b)
    if a.added ~= b.added then return a.added < b.added end
    return a.product < b.product
  end)
  return lines
end

-- A hash over what is bought and what it costs now: checkout compares it, so nobody pays a price that was not shown.
function M.quote(lines)
  local parts = {}
  for i, line in ipairs(lines) do
    parts[i] = line.product .. ' ' .. line.price .. ' ' .. line.currency .. ' ' .. (line.available and 1 or 0)
  end
  table.sort(parts)
  return 'q1_' .. redis.sha1hex(table.concat(parts, '\n'))
end

function M.touch(id, lifetime)
  redis.call('HSET', ckeys.cart(id), 'updated', ckeys.int(now))
  redis.call('PEXPIRE', ckeys.cart(id), lifetime)
  redis.call('PEXPIRE', ckeys.cart_items(id), lifetime)
end

-- The cart as Swift reads it (Cart+reading.swift).
function M.reply(id)
  local c = M.get(id)
  local lines = M.lines(id)
  local out = {}
  for i, line in ipairs(lines) do
    local p = line.p or {}
    local seller = p.seller and redis.call('HMGET', ckeys.user(p.seller), 'name', 'slug') or {}
    out[i] = {
      line.product, line.captured, line.captured_currency, ckeys.int(line.added), line.price, line.currency,
      line.available and '1' or '0', p.slug or '', p.title or '', p.status or 'deleted', p.cover or '',
      p.seller or '', seller[1] or '', seller[2] or '',
    }
  end
  return ok(c.id, c.owner, c.created, c.updated, c.order, M.quote(lines), out)
end

return M
