// Tables in memory behind the document client's calls, as far as the functions use
// them. The keys are the template's.

const INDEX = ['category', 'name'];
const KEYS = { Books: ['id'], Orders: ['customerId', 'orderId'], Cart: ['customerId', 'bookId'] };
const placeOf = (table, item) => KEYS[table].map((name) => item[name]).join('\u0000');
const failed = (name, more) => Object.assign(new Error(name), { name, ...more });

export function memoryDb() {
  const tables = Object.fromEntries(Object.keys(KEYS).map((name) => [name, new Map()]));
  const inserted = [];

  const holds = ({ TableName, Key, Item, ConditionExpression, ExpressionAttributeValues }) => {
    const there = tables[TableName].get(placeOf(TableName, Key ?? Item));
    switch (ConditionExpression) {
      case undefined: return true;
      case 'attribute_not_exists(orderId)': return !there;
      case 'attribute_exists(bookId)': return Boolean(there);
      case 'quantity = :quantity': return there?.quantity === ExpressionAttributeValues[':quantity'];
      default: throw new Error(`unknown condition ${ConditionExpression}`);
    }
  };
  const put = (table, item) => {
    const place = placeOf(table, item);
    if (!tables[table].has(place)) inserted.push({ table, item });
    tables[table].set(place, structuredClone(item));
  };
  const page = (items, { IndexName, Limit, ExclusiveStartKey }, table) => {
    const from = ExclusiveStartKey ? items.findIndex((item) => placeOf(table, item) === placeOf(table, ExclusiveStartKey)) + 1 : 0;
    const Items = structuredClone(items.slice(from, Limit ? from + Limit : undefined));
    const last = Items.at(-1);
    const LastEvaluatedKey = Limit && Items.length === Limit
      ? Object.fromEntries([...KEYS[table], ...(IndexName ? INDEX : [])].map((name) => [name, last[name]])) : undefined;
    return { Items, LastEvaluatedKey };
  };

  return {
    tables,
    /** What was inserted since the last call, as a stream tells it. */
    inserted: () => inserted.splice(0),
    get: async ({ TableName, Key }) => ({ Item: structuredClone(tables[TableName].get(placeOf(TableName, Key))) }),
    scan: async (input) => page([...tables[input.TableName].values()], input, input.TableName),
    query: async (input) => {
      const [name] = input.KeyConditionExpression.split(' = ');
      const [value] = Object.values(input.ExpressionAttributeValues);
      const found = [...tables[input.TableName].values()].filter((item) => item[name] === value);
      if (input.IndexName) found.sort((a, b) => (a.name < b.name ? -1 : 1));
      return page(found, input, input.TableName);
    },
    put: async ({ TableName, Item }) => { put(TableName, Item); },
    delete: async ({ TableName, Key }) => { tables[TableName].delete(placeOf(TableName, Key)); },
    update: async (input) => {
      if (!holds(input)) throw failed('ConditionalCheckFailedException');
      tables[input.TableName].get(placeOf(input.TableName, input.Key)).quantity = input.ExpressionAttributeValues[':quantity'];
    },
    batchWrite: async ({ RequestItems }) => {
      for (const [table, requests] of Object.entries(RequestItems)) {
        if (requests.length > 25) throw failed('ValidationException');
        requests.forEach((request) => put(table, request.PutRequest.Item));
      }
      return { UnprocessedItems: {} };
    },
    transactWrite: async ({ TransactItems }) => {
      const parts = TransactItems.map((item) => Object.entries(item)[0]);
      const CancellationReasons = parts.map(([, part]) => ({ Code: holds(part) ? 'None' : 'ConditionalCheckFailed' }));
      if (CancellationReasons.some((reason) => reason.Code !== 'None')) {
        throw failed('TransactionCanceledException', { CancellationReasons });
      }
      for (const [kind, part] of parts) {
        if (kind === 'Put') put(part.TableName, part.Item);
        else tables[part.TableName].delete(placeOf(part.TableName, part.Key));
      }
    },
  };
}
