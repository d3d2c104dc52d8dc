-- Deletes a cart with its items. A: 1 cart id, 2 viewer or ''. Reply: ok(). Refuses not_found.
local c = carts.get(A[1])
if not c or not carts.visible(c, A[2]) then return refuse('not_found') end
redis.call('DEL', ckeys.cart(A[1]), ckeys.cart_items(A[1]))
return ok()
