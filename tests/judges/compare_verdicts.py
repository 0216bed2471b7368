"""Who is right where the answers differ, and by which source. Keys are the titles of the calls.

A source is a page of AWS's documentation that was read for it (the API references as they stand in botocore 1.43.11's
models), or, where that says nothing, a public issue on GitHub that quotes AWS's own answer. UNREAD marks the verdicts for
which none was found.
"""

SANDBOX = "The sandbox is right: "
UNREAD = "Not checked: "
VERDICTS = {}


def of(area, verdict, *titles):
    VERDICTS.update({f"{area}: {title}": verdict for title in titles})


of("s3", SANDBOX + "S3 User Guide, Bucket naming rules", "a bucket name with capitals", "a bucket name like an address")
of("s3", SANDBOX + "S3 User Guide, Using server-side encryption with SSE-S3: the base level of every bucket since January 2023",
   "encryption of a new bucket")
of("s3", SANDBOX + "AWS News Blog, Amazon S3 security changes are coming in April of 2023: Block Public Access is on for new buckets "
   "(named by laurilehmijoki/configure-s3-website#26)", "public access block of a new bucket")
of("s3", SANDBOX + "S3 API, PutBucketVersioning: Status is Enabled or Suspended", "a versioning status that is none")
of("s3", SANDBOX + "AWS's answer in hashicorp/terraform#23570 (MalformedPolicy: Policy has invalid resource)", "policy of another bucket")
of("s3", SANDBOX + "AWS's answer in aws/aws-cli#2779 (MalformedPolicy: Policies must be valid JSON and the first byte must be '{')",
   "policy that is no JSON")

of("dynamodb", SANDBOX + "DynamoDB API, CreateTable: the answer's TableStatus is CREATING", "create a table")
of("dynamodb", SANDBOX + "DynamoDB Developer Guide, Naming rules: 3 to 255 characters (quoted in awslabs/aws-api-gateway-developer-portal#274); "
   "a table name that breaks them is a ValidationException (scylladb/scylladb#12608, seen on DynamoDB)", "a table name of two letters")
of("dynamodb", SANDBOX + "DynamoDB Developer Guide, Supported data types, Sets (quoted in repost.aws QUYa5oWJ84S6am0x3aIQcbtg): "
   "each value is unique", "put a set with a value twice")
of("dynamodb", SANDBOX + "moto fails without an AWS error", "a condition that cannot be read", "scan of zero")
of("dynamodb", SANDBOX + "AWS's answer in kestra-io/plugin-aws#358", "a value that no expression uses")
of("dynamodb", SANDBOX + "moto wrote an item in an earlier call that AWS refuses", "get an item", "scan with a count")
of("dynamodb", SANDBOX + "AWS's answer in getmoto/moto#5429 and HENNGE/aiodynamo#2 (ValidationException: Two document paths overlap)",
   "set a path twice")
of("dynamodb", SANDBOX + "AWS's answer in aws/aws-record-ruby#64 (ValidationException: The table does not have the specified index)",
   "query an index that is not there")
of("dynamodb", SANDBOX + "DynamoDB API, Query, FilterExpression: key attributes are not allowed", "a filter on the key")
of("dynamodb", SANDBOX + "DynamoDB API, BatchWriteItem: no two operations on one item, 25 requests at most",
   "batch with the same key twice", "batch of 26")
of("dynamodb", SANDBOX + "CloudFormation, AWS::DynamoDB::GlobalTable StreamSpecification: needed with more than one replica",
   "a replica without a stream")
of("dynamodb", SANDBOX + "measured on AWS, ack-api-quirks DDB-TABLE-035 (ValidationException: Table is being created with a stream "
   "enabled, UpdateViewType is required)", "a stream without a view")
of("dynamodb", SANDBOX + "DynamoDB API, ListTagsOfResource, Errors; the table is of another account for ministack",
   "tags of what is not there")

of("rds", SANDBOX + "Aurora User Guide, Viewing cluster status", "create a cluster", "an instance")
of("rds", SANDBOX + "RDS API, CreateDBCluster, Errors: DBClusterAlreadyExistsFault", "the same cluster again")
of("rds", SANDBOX + "RDS API, CreateDBCluster, Engine: aurora is not among the valid values", "the retired engine aurora", "an engine that is none")
of("rds", SANDBOX + "AWS refuses it (awsdocs/aws-cloudformation-user-guide#953); for the user's name its answer is quoted in "
   "terraform-aws-modules/terraform-aws-rds-aurora#368 (InvalidParameterValue: must be provided and must not be blank)", "no password")
of("rds", SANDBOX + "RDS API, CreateDBCluster, MasterUserPassword: 8 to 41 characters", "a short password")
of("rds", SANDBOX + "RDS API, CreateDBCluster, DBClusterIdentifier: no two consecutive hyphens", "an identifier with two hyphens")
of("rds", SANDBOX + "RDS API, DescribeDBClusters, MaxRecords: 20 to 100", "a page of five")
of("rds", SANDBOX + "RDS API, CreateDBInstance, Errors: DBClusterNotFoundFault", "an instance in no cluster")
of("rds", SANDBOX + "ministack made the instance of an earlier call that AWS refuses", "an instance of another engine")
of("rds", "RDS API, DeleteDBCluster, SkipFinalSnapshot: a snapshot's name is needed, and a cluster with instances cannot go; "
   "which of the two faults is found first is not documented", "delete without a word on the snapshot")
of("rds", SANDBOX + "RDS API, CreateDBCluster, Errors: DBClusterNotFoundFault", "a replica of what is not there")
of("rds", SANDBOX + "RDS API, DBCluster: ReadReplicaIdentifiers is a list", "a replica that is linked to its source")
of("rds", SANDBOX + "RDS API, PromoteReadReplicaDBCluster, Errors: InvalidDBClusterStateFault", "promote what is no replica")
of("rds", SANDBOX + "AWS's answer in brianz/serverless-design-patterns#16 and wallix/awless#175 (InvalidParameterValue: Some input "
   "subnets are invalid), although the API reference lists InvalidSubnet", "a subnet group of no subnets")
of("rds", SANDBOX + "AWS's answer in aws-cloudformation/cloudformation-coverage-roadmap#703 (InvalidParameterValue: is not a valid "
   "parameter group family)", "a parameter group of no family")

of("route53", SANDBOX + "Route 53 API, CreateHostedZone, CallerReference and Errors: HostedZoneAlreadyExists", "the same reference again")
of("route53", SANDBOX + "Route 53 API, CreateHostedZone, Errors: InvalidDomainName", "a name that is none")
of("route53", SANDBOX + "AWS's answer in meltwater/terraform-aws-asg-dns-handler#38 (is not permitted in zone)", "a record outside the zone")
of("route53", SANDBOX + "AWS's answer in gomodules/dns#7 (Value is not a valid IPv4 address)", "an address that is none")
of("route53", SANDBOX + "AWS's answer in aws/aws-sdk-java#1996 (conflicts with other records)", "CNAME beside a record")
of("route53", SANDBOX + "Route 53 Developer Guide, Choosing between alias and non-alias records: no CNAME at the zone apex",
   "CNAME at the top of the zone")
of("route53", SANDBOX + "Route 53 API, ResourceRecordSet, Weight and Region; AWS's answer in kubernetes-sigs/external-dns#4345",
   "weighted beside simple", "latency beside weighted")
of("route53", SANDBOX + "Route 53 API, ResourceRecordSet, SetIdentifier: unique among records of one name and type", "the same set identifier again")
of("route53", SANDBOX + "AWS's answer in ansible-collections/community.aws#615 (InvalidInput: Missing field 'SetIdentifier')",
   "a policy without a set identifier")
of("route53", SANDBOX + "Route 53 API, ResourceRecordSet, Failover: one record is PRIMARY, the other SECONDARY", "two primaries")
of("route53", SANDBOX + "Route 53 API, ChangeResourceRecordSets: all or none of the changes of a batch",
   "a batch of which one fails", "nothing of it was made")
of("route53", SANDBOX + "Route 53 API, ChangeResourceRecordSets: the same values as when it was made; Errors: InvalidChangeBatch",
   "delete with another value", "delete what is not there")
of("route53", SANDBOX + "AWS refuses 15 and takes 10 and 30 (aws/aws-cdk#27536); Route 53 API, CreateHealthCheck, Errors: InvalidInput",
   "an interval that is none")
of("route53", SANDBOX + "Route 53 API, HealthCheckConfig, Regions: 3 to 64", "two checker Regions")
of("route53", SANDBOX + "Route 53 API, GetHealthCheckStatus: what the checkers saw; nothing answers at that name", "a check of what does not answer")
of("route53", SANDBOX + "Route 53 API, ChangeResourceRecordSets, Errors: NoSuchHealthCheck", "a record with a check that is not there")

of("cloudformation", SANDBOX + "CloudFormation API, CreateStack, Capabilities, and Errors: InsufficientCapabilitiesException",
   "a role without the capability", "a named role with the lesser capability", "a change set without the capability")
of("cloudformation", SANDBOX + "CloudFormation answers a ValidationError; moto fails without an AWS error", "a template that is none")
of("cloudformation", SANDBOX + "AWS's answer in JulieElkinsAWS/CFtemplates#1 (At least one Resources member must be defined)",
   "a template without resources")
KEPT = "; the others kept the stack of an earlier call that AWS refuses"
of("cloudformation", SANDBOX + "AWS's answer in galaxy4public/aws-cloudformation-badges#4 (Unresolved resource dependencies)" + KEPT,
   "a reference that leads nowhere")
of("cloudformation", SANDBOX + "AWS's answer in aws/serverless-application-model#1044 (Circular dependency between resources)" + KEPT, "a circle")
of("cloudformation", SANDBOX + "AWS's answer in velomash/aws-git-backed-gatsby-static-site#1 (Unrecognized resource types)" + KEPT,
   "a type that is none")
of("cloudformation", SANDBOX + "AWS's answer in boto/botocore#2598 (Parameters: [EnvironmentName] must have values)" + KEPT,
   "a parameter that is missing")
of("cloudformation", SANDBOX + "AWS's answer in aws-samples/amazon-ec2-image-builder-samples#18 (do not exist in the template)" + KEPT,
   "a parameter too many")
of("cloudformation", SANDBOX + "AWS's answer in aws/aws-sdk-ruby#1414 (must be one of AllowedValues)" + KEPT, "a value that is not allowed")
of("cloudformation", SANDBOX + "AWS's events in widdix/aws-s3-virusscan#39: the stack begins and is rolled back", "an import that nobody exports")
of("cloudformation", SANDBOX + "CloudFormation API, CreateStack, StackName: letters, digits and hyphens", "a stack name with an underscore")
of("cloudformation", SANDBOX + "S3 User Guide, Bucket naming rules: the resource fails, and the stack with it", "a bucket name that S3 refuses")
of("cloudformation", SANDBOX + "AWS's events in ansible/ansible#32396 and aws-samples/aws-scalable-big-blue-button-example#36: a second "
   "CREATE_IN_PROGRESS, `Resource creation Initiated`, with the physical id", "events of a resource")
of("cloudformation", SANDBOX + "AWS's answer in aws/aws-cli#3249 (ValidationError: No updates are to be performed)", "an update that changes nothing")
of("cloudformation", SANDBOX + "CloudFormation API, UpdateTerminationProtection; moto answers nothing that can be read", "protect a stack")
of("cloudformation", SANDBOX + "CloudFormation User Guide, Protecting a stack from being deleted: the deletion fails", "delete a protected stack")
of("cloudformation", SANDBOX + "CloudFormation API, DescribeChangeSet, Errors: ChangeSetNotFound", "a change set that is not there")

of("acm", SANDBOX + "nothing has proven the domain: no record stands in a zone that is delegated", "its status")
of("acm", SANDBOX + "ACM API, RequestCertificate, DomainName: a pattern; ACM answers a ValidationException for a member that fails one "
   "(hashicorp/terraform-provider-aws#14782)", "a name that is none")
of("apigateway", UNREAD + "a BadRequestException for a certificate that is not issued, as AWS answers for one of another Region "
   "(amplify-education/serverless-domain-manager#49); the guides, the API reference and the issues of Terraform, CDK and "
   "serverless-domain-manager were searched for its answer to a pending one", "a domain with a pending certificate")
of("apigateway", SANDBOX + "AWS's answer in forum.serverless.com 8907 (The REST API doesn't contain any methods)", "deploy without methods")
of("ecs", SANDBOX + "ECS API, ListServices and UpdateService, Errors: ClusterNotFoundException", "services of a cluster that is not there",
   "a service that is not there")
of("cloudwatch", SANDBOX + "AWS's answer in influxdata/telegraf#2022 (InvalidParameterValue) for times that are equal", "end before start")
of("cloudcontrol", SANDBOX + "Cloud Control API, Errors: TypeNotFoundException, ResourceNotFoundException; moto lacks the operations",
   "a type that is none", "a bucket", "a bucket that is not there")
of("sts", SANDBOX + "AWS's answer in uswitch/kiam#33 and aws-solutions/automated-security-response-on-aws#53 (AccessDenied)",
   "a role that does not exist")
of("iam", SANDBOX + "IAM API, CreateRole, Errors: MalformedPolicyDocument", "a policy that is no JSON")

ABSENT = "The sandbox refuses the operation by name; the others answer as AWS documents"
of("ec2", ABSENT, "a VPC", "a subnet outside its VPC", "a VPC that is not there")
of("elbv2", ABSENT, "a load balancer that is not there")
of("lambda", ABSENT, "a function that is not there")
of("secretsmanager", ABSENT, "a secret that is not there")
of("cloudfront", ABSENT + "; its error is JSON, which a client of this XML service shows as 400", "a distribution that is not there")
