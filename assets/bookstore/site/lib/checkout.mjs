// Ordering once. The token is made before the first try and kept until the order is
// known to stand, so that a page that is loaded again asks with the same one.

const KEPT = 'bookstore.checkout';

export function createCheckout({ api, storage, newToken }) {
  /** Places the order: `{ order, repeated }`; repeated when an earlier try had been heard. */
  return async function checkOut() {
    const token = storage.getItem(KEPT) ?? newToken();
    storage.setItem(KEPT, token);
    try {
      const { order, repeated = false } = await api.order(token);
      storage.removeItem(KEPT);
      return { order, repeated };
    } catch (error) {
      if (error.status !== 409) throw error;
      // The cart may be empty because an earlier try was heard, whose answer was lost.
      const { orders } = await api.orders();
      const order = orders.find((one) => one.orderId === token);
      if (!order) throw error;
      storage.removeItem(KEPT);
      return { order, repeated: true };
    }
  };
}
