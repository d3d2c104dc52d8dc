-- Takes a product out of a cart. A: 1 cart id, 2 viewer or '', 3 product id, 4 ms it lives after its last change. Reply: the cart.
-- Refuses not_found, cart_checked_out; an absent product is no error.
local c = carts.get(A[1])
if not c or not carts.visible(c, A[2]) then return refuse('not_found') end
if c.order ~= '' then return refuse('cart_checked_out') end
redis.call('HDEL', ckeys.cart_items(A[1]), A[3])
carts.touch(A[1], A[4])
return carts.reply(A[1])
