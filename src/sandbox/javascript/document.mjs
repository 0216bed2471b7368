// Stands for @aws-sdk/lib-dynamodb and @aws-sdk/util-dynamodb: plain values on the function's side, attribute values on
// DynamoDB's. What the real library refuses to translate is refused here with its words.
const outside = (number) => `Number ${number} is greater than Number.MAX_SAFE_INTEGER. Use NumberValue from @aws-sdk/lib-dynamodb.`;

export function convertToAttr(value, options = {}) {
  if (value === undefined) throw new Error('Pass options.removeUndefinedValues=true to remove undefined values from map/array/set.');
  if (value === null) return { NULL: true };
  switch (typeof value) {
    case 'boolean': return { BOOL: value };
    case 'string': return value.length === 0 && options.convertEmptyValues ? { NULL: true } : { S: value };
    case 'bigint': return { N: value.toString() };
    case 'number':
      if (Number.isNaN(value) || Math.abs(value) === Infinity) throw new Error(`Special numeric value ${Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'} is not allowed`);
      if (value > Number.MAX_SAFE_INTEGER) throw new Error(outside(value));
      if (value < Number.MIN_SAFE_INTEGER) throw new Error(outside(value).replace('greater', 'lesser').replace('MAX', 'MIN'));
      return { N: value.toString() };
    default:
  }
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return { B: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) {
    const kept = value.filter((one) => typeof one !== 'function' && !(one === undefined && options.removeUndefinedValues));
    return { L: kept.map((one) => convertToAttr(one, options)) };
  }
  if (value instanceof Set) {
    const [first] = value;
    if (value.size === 0) {
      if (options.convertEmptyValues) return { NULL: true };
      throw new Error('Pass a non-empty set, or options.convertEmptyValues=true.');
    }
    if (typeof first === 'string') return { SS: [...value] };
    if (typeof first === 'number' || typeof first === 'bigint') return { NS: [...value].map((one) => convertToAttr(one).N) };
    if (first instanceof Uint8Array) return { BS: [...value].map((one) => convertToAttr(one).B) };
    throw new Error('Only Number Set (NS), Binary Set (BS), String Set (SS) are allowed.');
  }
  if (value instanceof Map || Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null || options.convertClassInstanceToMap) {
    const members = value instanceof Map ? [...value] : Object.entries(value);
    const kept = members.filter(([, one]) => typeof one !== 'function' && !(one === undefined && options.removeUndefinedValues));
    return { M: Object.fromEntries(kept.map(([name, one]) => [name, convertToAttr(one, options)])) };
  }
  throw new Error(`Unsupported type passed: ${value}. Pass options.convertClassInstanceToMap=true to marshall typeof object as map attribute.`);
}

export function convertToNative(attribute, options = {}) {
  const [[type, value]] = Object.entries(attribute);
  const number = (text) => {
    if (options.wrapNumbers) return { value: text };
    const parsed = Number(text);
    if (parsed > Number.MAX_SAFE_INTEGER || parsed < Number.MIN_SAFE_INTEGER) {
      throw new Error(`${text} is outside SAFE_INTEGER bounds. Set options.wrapNumbers to get string value.`);
    }
    return parsed;
  };
  switch (type) {
    case 'NULL': return null;
    case 'BOOL': case 'S': return value;
    case 'N': return number(value);
    case 'B': return Uint8Array.from(Buffer.from(value, 'base64'));
    case 'L': return value.map((one) => convertToNative(one, options));
    case 'M': return unmarshall(value, options);
    case 'SS': return new Set(value);
    case 'NS': return new Set(value.map(number));
    case 'BS': return new Set(value.map((one) => convertToNative({ B: one })));
    default: throw new Error(`Unsupported type passed: ${type}`);
  }
}
export const marshall = (value, options = {}) => convertToAttr(value, { ...options }).M;
export const unmarshall = (item, options = {}) => Object.fromEntries(Object.entries(item).map(([name, one]) => [name, convertToNative(one, options)]));

// Where items stand in inputs and outputs. `*` is every member.
const ITEM = 'item';
const VALUES = { Key: ITEM, Item: ITEM, ExpressionAttributeValues: ITEM, ExclusiveStartKey: ITEM };
const WRITE = { Put: VALUES, Delete: VALUES, Update: VALUES, ConditionCheck: VALUES };
const INPUTS = {
  BatchGetItem: { RequestItems: { '*': { Keys: { '*': ITEM } } } },
  BatchWriteItem: { RequestItems: { '*': { '*': { PutRequest: VALUES, DeleteRequest: VALUES } } } },
  TransactWriteItems: { TransactItems: { '*': WRITE } },
};
const OUTPUT = {
  Item: ITEM, Attributes: ITEM, Items: { '*': ITEM }, LastEvaluatedKey: ITEM, Responses: { '*': { '*': ITEM } },
  UnprocessedItems: { '*': { '*': { PutRequest: VALUES, DeleteRequest: VALUES } } }, UnprocessedKeys: { '*': { Keys: { '*': ITEM } } },
};
const at = (value, places, change) => {
  if (value === undefined || value === null) return value;
  if (places === ITEM) return change(value);
  if (Array.isArray(value)) return value.map((one) => at(one, places['*'], change));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => {
    const inside = places[name] ?? places['*'];
    return [name, inside ? at(one, inside, change) : one];
  }));
};
const command = (operation) => class {
  constructor(input) { this.input = input; }
  prepare(client) {
    const { marshallOptions = {}, unmarshallOptions = {} } = client.translation ?? {};
    return {
      operation,
      input: at(this.input, INPUTS[operation] ?? VALUES, (item) => marshall(item, marshallOptions)),
      read: (output) => at(output, OUTPUT, (item) => unmarshall(item, unmarshallOptions)),
    };
  }
};
export const BatchGetCommand = command('BatchGetItem');
export const BatchWriteCommand = command('BatchWriteItem');
export const DeleteCommand = command('DeleteItem');
export const GetCommand = command('GetItem');
export const PutCommand = command('PutItem');
export const QueryCommand = command('Query');
export const ScanCommand = command('Scan');
export const TransactWriteCommand = command('TransactWriteItems');
export const UpdateCommand = command('UpdateItem');

export class DynamoDBDocumentClient {
  constructor(client, translation) {
    this.config = client.config;
    this.translation = translation;
    this.inner = client;
  }
  static from(client, translation = {}) { return new this(client, translation); }
  send(wanted) { return this.inner.constructor.prototype.send.call(this, wanted); }
  destroy() {}
}
export class DynamoDBDocument extends DynamoDBDocumentClient {
  batchGet(input) { return this.send(new BatchGetCommand(input)); }
  batchWrite(input) { return this.send(new BatchWriteCommand(input)); }
  delete(input) { return this.send(new DeleteCommand(input)); }
  get(input) { return this.send(new GetCommand(input)); }
  put(input) { return this.send(new PutCommand(input)); }
  query(input) { return this.send(new QueryCommand(input)); }
  scan(input) { return this.send(new ScanCommand(input)); }
  transactWrite(input) { return this.send(new TransactWriteCommand(input)); }
  update(input) { return this.send(new UpdateCommand(input)); }
}
