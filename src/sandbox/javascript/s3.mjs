// Stands for @aws-sdk/client-s3: reading and writing objects as the function's role.
const { ask } = globalThis.sandboxHost;

export class S3ServiceException extends Error {
  constructor({ name, message, status }) {
    super(message);
    Object.assign(this, { name, $fault: status >= 500 ? 'server' : 'client', $metadata: { httpStatusCode: status, attempts: 1, totalRetryDelay: 0 } });
  }
}
export class S3Client {
  constructor(config = {}) { this.config = config; }
  async send({ operation, input }) {
    const { Body: body, ...rest } = input;
    const text = body === undefined ? undefined : Buffer.from(body).toString('base64');
    const request = { kind: 'aws', service: 's3', operation, region: this.config.region ?? process.env.AWS_REGION, input: rest, body: text };
    let reply;
    try {
      reply = await ask(request);
    } catch (refused) {
      throw new S3ServiceException(refused);
    }
    const { sandboxBody, ...output } = reply;
    if (sandboxBody !== undefined) {
      const bytes = Buffer.from(sandboxBody, 'base64');
      output.Body = { transformToString: async (encoding) => bytes.toString(encoding), transformToByteArray: async () => Uint8Array.from(bytes) };
    }
    return { $metadata: { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 }, ...output };
  }
  destroy() {}
}
const command = (operation) => class { constructor(input) { this.operation = operation; this.input = input; } };
export const DeleteObjectCommand = command('DeleteObject');
export const GetObjectCommand = command('GetObject');
export const HeadObjectCommand = command('HeadObject');
export const ListObjectsV2Command = command('ListObjectsV2');
export const PutObjectCommand = command('PutObject');
