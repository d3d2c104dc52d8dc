-- Reads a cart at today's prices, as one snapshot. A: 1 cart id, 2 viewer or ''. Reply: the cart (carts.reply); refuses not_found.
local c = carts.get(A[1])
if not c or not carts.visible(c, A[2]) then return refuse('not_found') end
return carts.reply(A[1])
