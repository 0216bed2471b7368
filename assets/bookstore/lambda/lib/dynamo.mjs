// The DynamoDB document client. It comes with the Lambda runtime and is loaded
// on first use, so that the handlers can be tested without installing anything.

let client;

/** One client per execution environment, with timeouts short enough for a health check. */
export async function database() {
  if (!client) {
    const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
    const { DynamoDBDocument } = await import('@aws-sdk/lib-dynamodb');
    client = DynamoDBDocument.from(new DynamoDBClient({
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1000, requestTimeout: 1500 },
    }));
  }
  return client;
}

/** Every page of a query or a scan. */
export async function allPages(call, input) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await call({ ...input, ExclusiveStartKey });
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}
