package finding

import "strings"

// AccountType is the type name of an account as a resource (AWS Config's and
// Security Hub's spelling; CloudFormation has none).
const AccountType = "AWS::::Account"

// form says how the ARN of a type is made from a bare id: the service, what
// stands before the id, and which of Region and account the ARN carries
// (Service Authorization Reference, "Resource types defined by …").
type form struct {
	service string
	prefix  string
	place   place
}

// place says what an ARN carries of Region and account.
type place uint8

const (
	regional place = iota // Region and account
	global                // the account alone; the resource belongs to no Region
	nowhere               // neither: S3 buckets
)

// resourceTypes holds the types that findings speak of, by CloudFormation's
// names; where CloudFormation has none, AWS Config's, and else ASFF's taken
// apart. ASFF's names (AwsEc2SecurityGroup) are derived from them.
var resourceTypes = map[string]form{
	"AWS::ACMPCA::CertificateAuthority":                {"acm-pca", "certificate-authority/", regional},
	"AWS::AccessAnalyzer::Analyzer":                    {"access-analyzer", "analyzer/", regional},
	"AWS::AmazonMQ::Broker":                            {"mq", "broker:", regional},
	"AWS::Amplify::App":                                {"amplify", "apps/", regional},
	"AWS::Amplify::Branch":                             {"amplify", "apps/", regional},
	"AWS::ApiGateway::RestApi":                         {"apigateway", "/restapis/", regional},
	"AWS::ApiGateway::Stage":                           {"apigateway", "/restapis/", regional},
	"AWS::ApiGatewayV2::Api":                           {"apigateway", "/apis/", regional},
	"AWS::ApiGatewayV2::Integration":                   {"apigateway", "/apis/", regional},
	"AWS::ApiGatewayV2::Route":                         {"apigateway", "/apis/", regional},
	"AWS::ApiGatewayV2::Stage":                         {"apigateway", "/apis/", regional},
	"AWS::AppConfig::Application":                      {"appconfig", "application/", regional},
	"AWS::AppConfig::ConfigurationProfile":             {"appconfig", "application/", regional},
	"AWS::AppConfig::Environment":                      {"appconfig", "application/", regional},
	"AWS::AppConfig::ExtensionAssociation":             {"appconfig", "extensionassociation/", regional},
	"AWS::AppFlow::Flow":                               {"appflow", "flow/", regional},
	"AWS::AppRunner::Service":                          {"apprunner", "service/", regional},
	"AWS::AppRunner::VpcConnector":                     {"apprunner", "vpcconnector/", regional},
	"AWS::AppSync::GraphQLApi":                         {"appsync", "apis/", regional},
	"AWS::Athena::DataCatalog":                         {"athena", "datacatalog/", regional},
	"AWS::Athena::WorkGroup":                           {"athena", "workgroup/", regional},
	"AWS::AutoScaling::AutoScalingGroup":               {"autoscaling", "autoScalingGroup:*:autoScalingGroupName/", regional},
	"AWS::AutoScaling::LaunchConfiguration":            {"autoscaling", "launchConfiguration:*:launchConfigurationName/", regional},
	"AWS::Backup::BackupPlan":                          {"backup", "backup-plan:", regional},
	"AWS::Backup::BackupVault":                         {"backup", "backup-vault:", regional},
	"AWS::Backup::RecoveryPoint":                       {"backup", "recovery-point:", regional},
	"AWS::Backup::ReportPlan":                          {"backup", "report-plan:", regional},
	"AWS::Batch::ComputeEnvironment":                   {"batch", "compute-environment/", regional},
	"AWS::Batch::JobQueue":                             {"batch", "job-queue/", regional},
	"AWS::Batch::SchedulingPolicy":                     {"batch", "scheduling-policy/", regional},
	"AWS::Cassandra::Keyspace":                         {"cassandra", "/keyspace/", regional},
	"AWS::CertificateManager::Certificate":             {"acm", "certificate/", regional},
	"AWS::CloudFormation::Stack":                       {"cloudformation", "stack/", regional},
	"AWS::CloudFront::Distribution":                    {"cloudfront", "distribution/", global},
	"AWS::CloudTrail::EventDataStore":                  {"cloudtrail", "eventdatastore/", regional},
	"AWS::CloudTrail::Trail":                           {"cloudtrail", "trail/", regional},
	"AWS::CloudWatch::Alarm":                           {"cloudwatch", "alarm:", regional},
	"AWS::CodeArtifact::Repository":                    {"codeartifact", "repository/", regional},
	"AWS::CodeBuild::Project":                          {"codebuild", "project/", regional},
	"AWS::CodeBuild::ReportGroup":                      {"codebuild", "report-group/", regional},
	"AWS::CodeGuruProfiler::ProfilingGroup":            {"codeguru-profiler", "profilingGroup/", regional},
	"AWS::CodeGuruReviewer::RepositoryAssociation":     {"codeguru-reviewer", "association:", regional},
	"AWS::Cognito::IdentityPool":                       {"cognito-identity", "identitypool/", regional},
	"AWS::Cognito::UserPool":                           {"cognito-idp", "userpool/", regional},
	"AWS::Connect::Instance":                           {"connect", "instance/", regional},
	"AWS::CustomerProfiles::ObjectType":                {"profile", "domains/", regional},
	"AWS::DAX::Cluster":                                {"dax", "cache/", regional},
	"AWS::DMS::Certificate":                            {"dms", "cert:", regional},
	"AWS::DMS::Endpoint":                               {"dms", "endpoint:", regional},
	"AWS::DMS::EventSubscription":                      {"dms", "es:", regional},
	"AWS::DMS::ReplicationInstance":                    {"dms", "rep:", regional},
	"AWS::DMS::ReplicationSubnetGroup":                 {"dms", "subgrp:", regional},
	"AWS::DMS::ReplicationTask":                        {"dms", "task:", regional},
	"AWS::DataSync::Task":                              {"datasync", "task/", regional},
	"AWS::Detective::Graph":                            {"detective", "graph:", regional},
	"AWS::DocDB::DBCluster":                            {"rds", "cluster:", regional},
	"AWS::DynamoDB::Table":                             {"dynamodb", "table/", regional},
	"AWS::EC2::ClientVpnEndpoint":                      {"ec2", "client-vpn-endpoint/", regional},
	"AWS::EC2::CustomerGateway":                        {"ec2", "customer-gateway/", regional},
	"AWS::EC2::DHCPOptions":                            {"ec2", "dhcp-options/", regional},
	"AWS::EC2::EIP":                                    {"ec2", "elastic-ip/", regional},
	"AWS::EC2::FlowLog":                                {"ec2", "vpc-flow-log/", regional},
	"AWS::EC2::Image":                                  {"ec2", "image/", regional},
	"AWS::EC2::Instance":                               {"ec2", "instance/", regional},
	"AWS::EC2::InternetGateway":                        {"ec2", "internet-gateway/", regional},
	"AWS::EC2::LaunchTemplate":                         {"ec2", "launch-template/", regional},
	"AWS::EC2::NatGateway":                             {"ec2", "natgateway/", regional},
	"AWS::EC2::NetworkAcl":                             {"ec2", "network-acl/", regional},
	"AWS::EC2::NetworkInterface":                       {"ec2", "network-interface/", regional},
	"AWS::EC2::PrefixList":                             {"ec2", "prefix-list/", regional},
	"AWS::EC2::RouteTable":                             {"ec2", "route-table/", regional},
	"AWS::EC2::SecurityGroup":                          {"ec2", "security-group/", regional},
	"AWS::EC2::Snapshot":                               {"ec2", "snapshot/", regional},
	"AWS::EC2::SnapshotBlockPublicAccess":              {"ec2", "snapshotblockpublicaccess/", regional},
	"AWS::EC2::SpotFleet":                              {"ec2", "spot-fleet-request/", regional},
	"AWS::EC2::Subnet":                                 {"ec2", "subnet/", regional},
	"AWS::EC2::TrafficMirrorFilter":                    {"ec2", "traffic-mirror-filter/", regional},
	"AWS::EC2::TrafficMirrorSession":                   {"ec2", "traffic-mirror-session/", regional},
	"AWS::EC2::TrafficMirrorTarget":                    {"ec2", "traffic-mirror-target/", regional},
	"AWS::EC2::TransitGateway":                         {"ec2", "transit-gateway/", regional},
	"AWS::EC2::TransitGatewayAttachment":               {"ec2", "transit-gateway-attachment/", regional},
	"AWS::EC2::TransitGatewayRouteTable":               {"ec2", "transit-gateway-route-table/", regional},
	"AWS::EC2::VPC":                                    {"ec2", "vpc/", regional},
	"AWS::EC2::VPCBlockPublicAccessOptions":            {"ec2", "vpcblockpublicaccessoptions/", regional},
	"AWS::EC2::VPCEndpoint":                            {"ec2", "vpc-endpoint/", regional},
	"AWS::EC2::VPCEndpointService":                     {"ec2", "vpc-endpoint-service/", regional},
	"AWS::EC2::VPCPeeringConnection":                   {"ec2", "vpc-peering-connection/", regional},
	"AWS::EC2::VPNConnection":                          {"ec2", "vpn-connection/", regional},
	"AWS::EC2::VPNGateway":                             {"ec2", "vpn-gateway/", regional},
	"AWS::EC2::Volume":                                 {"ec2", "volume/", regional},
	"AWS::ECR::ContainerImage":                         {"ecr", "repository/", regional},
	"AWS::ECR::PublicRepository":                       {"ecr-public", "repository/", global},
	"AWS::ECR::Repository":                             {"ecr", "repository/", regional},
	"AWS::ECS::CapacityProvider":                       {"ecs", "capacity-provider/", regional},
	"AWS::ECS::Cluster":                                {"ecs", "cluster/", regional},
	"AWS::ECS::Container":                              {"ecs", "container/", regional},
	"AWS::ECS::Service":                                {"ecs", "service/", regional},
	"AWS::ECS::Task":                                   {"ecs", "task/", regional},
	"AWS::ECS::TaskDefinition":                         {"ecs", "task-definition/", regional},
	"AWS::ECS::TaskSet":                                {"ecs", "task-set/", regional},
	"AWS::EFS::AccessPoint":                            {"elasticfilesystem", "access-point/", regional},
	"AWS::EFS::FileSystem":                             {"elasticfilesystem", "file-system/", regional},
	"AWS::EKS::Cluster":                                {"eks", "cluster/", regional},
	"AWS::EKS::IdentityProviderConfig":                 {"eks", "identityproviderconfig/", regional},
	"AWS::EMR::Cluster":                                {"elasticmapreduce", "cluster/", regional},
	"AWS::EMR::SecurityConfiguration":                  {"elasticmapreduce", "security-configuration/", regional},
	"AWS::ElastiCache::CacheCluster":                   {"elasticache", "cluster:", regional},
	"AWS::ElastiCache::ReplicationGroup":               {"elasticache", "replicationgroup:", regional},
	"AWS::ElasticBeanstalk::Environment":               {"elasticbeanstalk", "environment/", regional},
	"AWS::ElasticLoadBalancing::LoadBalancer":          {"elasticloadbalancing", "loadbalancer/", regional},
	"AWS::ElasticLoadBalancingV2::Listener":            {"elasticloadbalancing", "listener/", regional},
	"AWS::ElasticLoadBalancingV2::LoadBalancer":        {"elasticloadbalancing", "loadbalancer/", regional},
	"AWS::ElasticLoadBalancingV2::TargetGroup":         {"elasticloadbalancing", "targetgroup/", regional},
	"AWS::Elasticsearch::Domain":                       {"es", "domain/", regional},
	"AWS::EventSchemas::Registry":                      {"schemas", "registry/", regional},
	"AWS::Events::Endpoint":                            {"events", "endpoint/", regional},
	"AWS::Events::EventBus":                            {"events", "event-bus/", regional},
	"AWS::FSx::FileSystem":                             {"fsx", "file-system/", regional},
	"AWS::FraudDetector::EntityType":                   {"frauddetector", "entity-type/", regional},
	"AWS::FraudDetector::Label":                        {"frauddetector", "label/", regional},
	"AWS::FraudDetector::Outcome":                      {"frauddetector", "outcome/", regional},
	"AWS::FraudDetector::Variable":                     {"frauddetector", "variable/", regional},
	"AWS::GlobalAccelerator::Accelerator":              {"globalaccelerator", "accelerator/", global},
	"AWS::Glue::Job":                                   {"glue", "job/", regional},
	"AWS::Glue::MLTransform":                           {"glue", "mlTransform/", regional},
	"AWS::GuardDuty::Detector":                         {"guardduty", "detector/", regional},
	"AWS::GuardDuty::Filter":                           {"guardduty", "detector/", regional},
	"AWS::GuardDuty::IPSet":                            {"guardduty", "detector/", regional},
	"AWS::IAM::AccessKey":                              {"iam", "access-key/", global},
	"AWS::IAM::Group":                                  {"iam", "group/", global},
	"AWS::IAM::InstanceProfile":                        {"iam", "instance-profile/", global},
	"AWS::IAM::ManagedPolicy":                          {"iam", "policy/", global},
	"AWS::IAM::Role":                                   {"iam", "role/", global},
	"AWS::IAM::ServerCertificate":                      {"iam", "server-certificate/", global},
	"AWS::IAM::User":                                   {"iam", "user/", global},
	"AWS::IVS::Channel":                                {"ivs", "channel/", regional},
	"AWS::IVS::PlaybackKeyPair":                        {"ivs", "playback-key/", regional},
	"AWS::IVS::RecordingConfiguration":                 {"ivs", "recording-configuration/", regional},
	"AWS::IoT::Authorizer":                             {"iot", "authorizer/", regional},
	"AWS::IoT::Dimension":                              {"iot", "dimension/", regional},
	"AWS::IoT::MitigationAction":                       {"iot", "mitigationaction/", regional},
	"AWS::IoT::Policy":                                 {"iot", "policy/", regional},
	"AWS::IoT::RoleAlias":                              {"iot", "rolealias/", regional},
	"AWS::IoT::SecurityProfile":                        {"iot", "securityprofile/", regional},
	"AWS::IoTEvents::AlarmModel":                       {"iotevents", "alarmModel/", regional},
	"AWS::IoTEvents::DetectorModel":                    {"iotevents", "detectorModel/", regional},
	"AWS::IoTEvents::Input":                            {"iotevents", "input/", regional},
	"AWS::IoTSiteWise::AssetModel":                     {"iotsitewise", "asset-model/", regional},
	"AWS::IoTSiteWise::Dashboard":                      {"iotsitewise", "dashboard/", regional},
	"AWS::IoTSiteWise::Gateway":                        {"iotsitewise", "gateway/", regional},
	"AWS::IoTSiteWise::Portal":                         {"iotsitewise", "portal/", regional},
	"AWS::IoTSiteWise::Project":                        {"iotsitewise", "project/", regional},
	"AWS::IoTTwinMaker::Entity":                        {"iottwinmaker", "workspace/", regional},
	"AWS::IoTTwinMaker::Scene":                         {"iottwinmaker", "workspace/", regional},
	"AWS::IoTTwinMaker::SyncJob":                       {"iottwinmaker", "workspace/", regional},
	"AWS::IoTTwinMaker::Workspace":                     {"iottwinmaker", "workspace/", regional},
	"AWS::IoTWireless::FuotaTask":                      {"iotwireless", "FuotaTask/", regional},
	"AWS::IoTWireless::MulticastGroup":                 {"iotwireless", "MulticastGroup/", regional},
	"AWS::IoTWireless::ServiceProfile":                 {"iotwireless", "ServiceProfile/", regional},
	"AWS::KMS::Key":                                    {"kms", "key/", regional},
	"AWS::KafkaConnect::Connector":                     {"kafkaconnect", "connector/", regional},
	"AWS::Kinesis::Stream":                             {"kinesis", "stream/", regional},
	"AWS::KinesisFirehose::DeliveryStream":             {"firehose", "deliverystream/", regional},
	"AWS::Lambda::Function":                            {"lambda", "function:", regional},
	"AWS::Lambda::LayerVersion":                        {"lambda", "layer:", regional},
	"AWS::Logs::LogGroup":                              {"logs", "log-group:", regional},
	"AWS::MSK::Cluster":                                {"kafka", "cluster/", regional},
	"AWS::Neptune::DBCluster":                          {"rds", "cluster:", regional},
	"AWS::NetworkFirewall::Firewall":                   {"network-firewall", "firewall/", regional},
	"AWS::NetworkFirewall::FirewallPolicy":             {"network-firewall", "firewall-policy/", regional},
	"AWS::NetworkFirewall::LoggingConfiguration":       {"network-firewall", "firewall/", regional},
	"AWS::NetworkFirewall::RuleGroup":                  {"network-firewall", "stateful-rulegroup/", regional},
	"AWS::OpenSearchService::Domain":                   {"es", "domain/", regional},
	"AWS::RDS::DBCluster":                              {"rds", "cluster:", regional},
	"AWS::RDS::DBClusterSnapshot":                      {"rds", "cluster-snapshot:", regional},
	"AWS::RDS::DBInstance":                             {"rds", "db:", regional},
	"AWS::RDS::DBProxy":                                {"rds", "db-proxy:", regional},
	"AWS::RDS::DBSecurityGroup":                        {"rds", "secgrp:", regional},
	"AWS::RDS::DBSnapshot":                             {"rds", "snapshot:", regional},
	"AWS::RDS::DBSubnetGroup":                          {"rds", "subgrp:", regional},
	"AWS::RDS::EventSubscription":                      {"rds", "es:", regional},
	"AWS::RDS::GlobalCluster":                          {"rds", "global-cluster:", global},
	"AWS::Redshift::Cluster":                           {"redshift", "cluster:", regional},
	"AWS::Redshift::ClusterParameterGroup":             {"redshift", "parametergroup:", regional},
	"AWS::Redshift::ClusterSnapshot":                   {"redshift", "snapshot:", regional},
	"AWS::Redshift::ClusterSubnetGroup":                {"redshift", "subnetgroup:", regional},
	"AWS::Redshift::EventSubscription":                 {"redshift", "eventsubscription:", regional},
	"AWS::RedshiftServerless::Namespace":               {"redshift-serverless", "namespace/", regional},
	"AWS::RedshiftServerless::Workgroup":               {"redshift-serverless", "workgroup/", regional},
	"AWS::Route53::HealthCheck":                        {"route53", "healthcheck/", global},
	"AWS::Route53::HostedZone":                         {"route53", "hostedzone/", global},
	"AWS::S3::AccessPoint":                             {"s3", "accesspoint/", regional},
	"AWS::S3::AccountPublicAccessBlock":                {"s3", "account-public-access-block/", global},
	"AWS::S3::Bucket":                                  {"s3", "", nowhere},
	"AWS::S3::MultiRegionAccessPoint":                  {"s3", "accesspoint/", global},
	"AWS::S3::Object":                                  {"s3", "", nowhere},
	"AWS::S3Express::DirectoryBucket":                  {"s3express", "bucket/", regional},
	"AWS::SES::ConfigurationSet":                       {"ses", "configuration-set/", regional},
	"AWS::SES::ContactList":                            {"ses", "contact-list/", regional},
	"AWS::SNS::Topic":                                  {"sns", "", regional},
	"AWS::SQS::Queue":                                  {"sqs", "", regional},
	"AWS::SSM::AssociationCompliance":                  {"ssm", "managed-instance/", regional},
	"AWS::SSM::Document":                               {"ssm", "document/", regional},
	"AWS::SSM::PatchCompliance":                        {"ssm", "managed-instance/", regional},
	"AWS::SageMaker::AppImageConfig":                   {"sagemaker", "app-image-config/", regional},
	"AWS::SageMaker::DataQualityJobDefinition":         {"sagemaker", "data-quality-job-definition/", regional},
	"AWS::SageMaker::EndpointConfig":                   {"sagemaker", "endpoint-config/", regional},
	"AWS::SageMaker::Image":                            {"sagemaker", "image/", regional},
	"AWS::SageMaker::Model":                            {"sagemaker", "model/", regional},
	"AWS::SageMaker::ModelBiasJobDefinition":           {"sagemaker", "model-bias-job-definition/", regional},
	"AWS::SageMaker::ModelExplainabilityJobDefinition": {"sagemaker", "model-explainability-job-definition/", regional},
	"AWS::SageMaker::ModelQualityJobDefinition":        {"sagemaker", "model-quality-job-definition/", regional},
	"AWS::SageMaker::MonitoringSchedule":               {"sagemaker", "monitoring-schedule/", regional},
	"AWS::SageMaker::NotebookInstance":                 {"sagemaker", "notebook-instance/", regional},
	"AWS::SecretsManager::Secret":                      {"secretsmanager", "secret:", regional},
	"AWS::ServiceCatalog::Portfolio":                   {"catalog", "portfolio/", regional},
	"AWS::StepFunctions::Activity":                     {"states", "activity:", regional},
	"AWS::StepFunctions::StateMachine":                 {"states", "stateMachine:", regional},
	"AWS::Transfer::Agreement":                         {"transfer", "agreement/", regional},
	"AWS::Transfer::Certificate":                       {"transfer", "certificate/", regional},
	"AWS::Transfer::Connector":                         {"transfer", "connector/", regional},
	"AWS::Transfer::Profile":                           {"transfer", "profile/", regional},
	"AWS::Transfer::Server":                            {"transfer", "server/", regional},
	"AWS::Transfer::Workflow":                          {"transfer", "workflow/", regional},
	"AWS::WAF::RateBasedRule":                          {"waf", "ratebasedrule/", global},
	"AWS::WAF::Rule":                                   {"waf", "rule/", global},
	"AWS::WAF::RuleGroup":                              {"waf", "rulegroup/", global},
	"AWS::WAF::WebACL":                                 {"waf", "webacl/", global},
	"AWS::WAFRegional::RateBasedRule":                  {"waf-regional", "ratebasedrule/", regional},
	"AWS::WAFRegional::Rule":                           {"waf-regional", "rule/", regional},
	"AWS::WAFRegional::RuleGroup":                      {"waf-regional", "rulegroup/", regional},
	"AWS::WAFRegional::WebACL":                         {"waf-regional", "webacl/", regional},
	"AWS::WAFv2::RuleGroup":                            {"wafv2", "regional/rulegroup/", regional},
	"AWS::WAFv2::WebACL":                               {"wafv2", "regional/webacl/", regional},
	"AWS::WorkSpaces::Workspace":                       {"workspaces", "workspace/", regional},
	"AWS::XRay::EncryptionConfig":                      {"xray", "encryption-config/", regional},
}

// otherNames maps names that differ from CloudFormation's in more than letter
// case and punctuation: ASFF's and AWS Config's.
var otherNames = map[string]string{
	"AwsAccount":                  "AWS::::Account",
	"AwsElbLoadBalancer":          "AWS::ElasticLoadBalancing::LoadBalancer",
	"AwsElbv2LoadBalancer":        "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"AwsIamPolicy":                "AWS::IAM::ManagedPolicy",
	"AwsStepFunctionStateMachine": "AWS::StepFunctions::StateMachine",
	"AWS::ACM::Certificate":       "AWS::CertificateManager::Certificate",
	"AWS::IAM::Policy":            "AWS::IAM::ManagedPolicy",
	"AWS::OpenSearch::Domain":     "AWS::OpenSearchService::Domain",
	"AWS::ECR::Image":             "AWS::ECR::ContainerImage",
	"AWS::ECR::RegistryImage":     "AWS::ECR::ContainerImage",
}

// typeNames finds CloudFormation's name by any spelling: the letters and digits
// of the name, in lower case.
var typeNames = func() map[string]string {
	m := make(map[string]string, len(resourceTypes)+len(otherNames))
	for name := range resourceTypes {
		m[letters(name)] = name
	}
	for other, name := range otherNames {
		m[letters(other)] = name
	}
	return m
}()

func letters(name string) string {
	var b [80]byte
	n := 0
	for i := 0; i < len(name) && n < len(b); i++ {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z':
			b[n] = c + 'a' - 'A'
			n++
		case c != ':':
			b[n] = c
			n++
		}
	}
	return string(b[:n])
}

// CloudFormationType gives a resource type its CloudFormation name, from ASFF's
// (AwsEc2SecurityGroup), AWS Config's (AWS::ACM::Certificate) or OCSF's. A name
// that is not known is returned as it stands: "Other", "Container".
func CloudFormationType(name string) string {
	if _, ok := resourceTypes[name]; ok {
		return name
	}
	if known, ok := otherNames[name]; ok {
		return known
	}
	if strings.HasPrefix(name, "Aws") || strings.HasPrefix(name, "AWS") {
		if known, ok := typeNames[letters(name)]; ok {
			return known
		}
	}
	return name
}

// globalService tells the services whose resources belong to no Region.
func globalService(service string) bool {
	switch service {
	case "iam", "cloudfront", "route53", "globalaccelerator", "waf", "organizations", "ecr-public", "shield":
		return true
	}
	return false
}
