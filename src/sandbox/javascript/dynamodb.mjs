// Stands for @aws-sdk/client-dynamodb: commands become questions to the sandbox, which asks the function's role first.
const { ask } = globalThis.sandboxHost;

export class DynamoDBServiceException extends Error {
  constructor({ name, message, status, fields }) {
    super(message);
    this.name = name;
    this.$fault = status >= 500 ? 'server' : 'client';
    this.$metadata = { httpStatusCode: status, attempts: 1, totalRetryDelay: 0 };
    Object.assign(this, fields);
  }
}
const exception = (name) => class extends DynamoDBServiceException {
  static [Symbol.hasInstance](value) { return value instanceof Error && value.name === name; }
};
export const ConditionalCheckFailedException = exception('ConditionalCheckFailedException');
export const ProvisionedThroughputExceededException = exception('ProvisionedThroughputExceededException');
export const ResourceNotFoundException = exception('ResourceNotFoundException');
export const TransactionCanceledException = exception('TransactionCanceledException');
export const TransactionConflictException = exception('TransactionConflictException');

export class DynamoDBClient {
  constructor(config = {}) { this.config = config; }
  async send(command) {
    // A command of the document client translates on both ways.
    const { operation, input, read = (output) => output } = command.prepare?.(this) ?? command;
    const request = { kind: 'aws', service: 'dynamodb', operation, region: this.config.region ?? process.env.AWS_REGION, input };
    let output;
    try {
      output = await ask(request);
    } catch (refused) {
      throw new DynamoDBServiceException(refused);
    }
    return { $metadata: { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 }, ...read(output) };
  }
  destroy() {}
}
const command = (operation) => class { constructor(input) { this.operation = operation; this.input = input; } };
export const BatchGetItemCommand = command('BatchGetItem');
export const BatchWriteItemCommand = command('BatchWriteItem');
export const DeleteItemCommand = command('DeleteItem');
export const DescribeTableCommand = command('DescribeTable');
export const GetItemCommand = command('GetItem');
export const PutItemCommand = command('PutItem');
export const QueryCommand = command('Query');
export const ScanCommand = command('Scan');
export const TransactWriteItemsCommand = command('TransactWriteItems');
export const UpdateItemCommand = command('UpdateItem');
