-- Puts a product into a cart at today's price; a second time accepts the new price.
-- A: 1 cart id, 2 viewer or '', 3 product id, 4 ms it lives after its last change, 5 most items. Reply: the cart.
-- Refuses not_found, cart_checked_out, product_unavailable, currency_mismatch, cart_full. Atomic against a checkout of the same cart.
local c = carts.get(A[1])
if not c or not carts.visible(c, A[2]) then return refuse('not_found') end
if c.order ~= '' then return refuse('cart_checked_out') end
local p = products.get(A[3])
if not p or not products.buyable(p) then return refuse('product_unavailable', A[3]) end
local present = redis.call('HGET', ckeys.cart_items(A[1]), A[3])
if not present and redis.call('HLEN', ckeys.cart_items(A[1])) >= tonumber(A[5]) then return refuse('cart_full', A[5]) end
for _, line in ipairs(carts.lines(A[1])) do
  if line.product ~= A[3] and line.available and line.currency ~= p.currency then
    return refuse('currency_mismatch', line.currency)
  end
end
local added = present and cjson.decode(present).added or ckeys.int(now)
redis.call('HSET', ckeys.cart_items(A[1]), A[3], cjson.encode({ price = p.price, currency = p.currency, added = added }))
carts.touch(A[1], A[4])
return carts.reply(A[1])
