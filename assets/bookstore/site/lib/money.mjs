// Prices and totals. Sums are made in whole cents: 0.1 + 0.2 is not 0.3.

/** A price as whole cents, or null when it is no price. */
export function cents(price) {
  const value = Number(price);
  return Number.isFinite(value) && value >= 0 && price !== null && price !== '' ? Math.round(value * 100) : null;
}

/** Cents as a price to read. */
export function money(amount) {
  return `€ ${(amount / 100).toFixed(2)}`;
}
