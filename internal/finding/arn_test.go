package finding

import (
	"strings"
	"testing"
)

func TestCanonicalARN(t *testing.T) {
	at := Place{Partition: "aws", Account: "111122223333", Region: "ap-northeast-1"}
	for _, c := range []struct{ kind, id, want string }{
		{"AwsAccount", "AWS::::Account:111122223333", "arn:aws:iam::111122223333:root"},
		{"AWS::::Account", "111122223333", "arn:aws:iam::111122223333:root"},
		{"AwsAccount", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"},
		{"AwsAccount", "arn:aws:organizations::444455556666:account/o-a/111122223333", "arn:aws:iam::111122223333:root"},
		{"Other", "111122223333", "arn:aws:iam::111122223333:root"},
		{"AwsS3Bucket", "a-bucket", "arn:aws:s3:::a-bucket"},
		{"AwsS3Bucket", "arn:aws:s3:ap-northeast-1:111122223333:a-bucket", "arn:aws:s3:::a-bucket"},
		{"AwsS3AccessPoint", "arn:aws:s3:ap-northeast-1:111122223333:accesspoint/p", "arn:aws:s3:ap-northeast-1:111122223333:accesspoint/p"},
		{"AwsEc2SecurityGroup", "sg-0a", "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-0a"},
		{"AWS::EC2::SecurityGroup", "sg-0a", "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-0a"},
		{"AwsEc2Instance", "arn:aws:ec2:us-east-1:111122223333:i-0b", "arn:aws:ec2:us-east-1:111122223333:instance/i-0b"},
		{"Other", "vpc-0c", "arn:aws:ec2:ap-northeast-1:111122223333:vpc/vpc-0c"},
		{"AwsIamAccessKey", "AWS::IAM::AccessKey:AKIAIOSFODNN7EXAMPLE", "arn:aws:iam::111122223333:access-key/AKIAIOSFODNN7EXAMPLE"},
		{"AwsIamUser", "taro", "arn:aws:iam::111122223333:user/taro"},
		{"AwsLambdaFunction", "arn:aws:lambda:ap-northeast-1:111122223333:function:f:$LATEST", "arn:aws:lambda:ap-northeast-1:111122223333:function:f"},
		{"AwsLambdaFunction", "f", "arn:aws:lambda:ap-northeast-1:111122223333:function:f"},
		{"AwsLogsLogGroup", "arn:aws:logs:ap-northeast-1:111122223333:log-group:/a/b:*", "arn:aws:logs:ap-northeast-1:111122223333:log-group:/a/b"},
		{"AwsSqsQueue", "https://sqs.ap-northeast-1.amazonaws.com/111122223333/q", "arn:aws:sqs:ap-northeast-1:111122223333:q"},
		{"AWS::ACM::Certificate", "1234", "arn:aws:acm:ap-northeast-1:111122223333:certificate/1234"},
		{"AWS::New::Thing", "x", "arn:aws:new:ap-northeast-1:111122223333:thing/x"},
		{"Container", "image@sha256:1", "arn:aws:other:ap-northeast-1:111122223333:container/image@sha256:1"},
		{"AwsCloudFrontDistribution", "E1", "arn:aws:cloudfront::111122223333:distribution/E1"},
	} {
		got := CanonicalARN(c.kind, c.id, at)
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.id, got, c.want)
		}
		if again := CanonicalARN(c.kind, got, at); again != got {
			t.Errorf("%s is not canonical: %s", got, again)
		}
	}
}

// The names of ResourceDetails in the Security Hub API: every type for which
// ASFF has details.
const asffTypes = `AwsAmazonMqBroker AwsApiGatewayRestApi AwsApiGatewayStage AwsApiGatewayV2Api AwsApiGatewayV2Stage
AwsAppSyncGraphQlApi AwsAthenaWorkGroup AwsAutoScalingAutoScalingGroup AwsAutoScalingLaunchConfiguration AwsBackupBackupPlan
AwsBackupBackupVault AwsBackupRecoveryPoint AwsCertificateManagerCertificate AwsCloudFormationStack AwsCloudFrontDistribution
AwsCloudTrailTrail AwsCloudWatchAlarm AwsCodeBuildProject AwsDmsEndpoint AwsDmsReplicationInstance AwsDmsReplicationTask
AwsDynamoDbTable AwsEc2ClientVpnEndpoint AwsEc2Eip AwsEc2Instance AwsEc2LaunchTemplate AwsEc2NetworkAcl AwsEc2NetworkInterface
AwsEc2RouteTable AwsEc2SecurityGroup AwsEc2Subnet AwsEc2TransitGateway AwsEc2Volume AwsEc2Vpc AwsEc2VpcEndpointService
AwsEc2VpcPeeringConnection AwsEc2VpnConnection AwsEcrContainerImage AwsEcrRepository AwsEcsCluster AwsEcsContainer AwsEcsService
AwsEcsTask AwsEcsTaskDefinition AwsEfsAccessPoint AwsEksCluster AwsElasticBeanstalkEnvironment AwsElasticsearchDomain
AwsElbLoadBalancer AwsElbv2LoadBalancer AwsEventSchemasRegistry AwsEventsEndpoint AwsEventsEventbus AwsGuardDutyDetector
AwsIamAccessKey AwsIamGroup AwsIamPolicy AwsIamRole AwsIamUser AwsKinesisStream AwsKmsKey AwsLambdaFunction AwsLambdaLayerVersion
AwsMskCluster AwsNetworkFirewallFirewall AwsNetworkFirewallFirewallPolicy AwsNetworkFirewallRuleGroup AwsOpenSearchServiceDomain
AwsRdsDbCluster AwsRdsDbClusterSnapshot AwsRdsDbInstance AwsRdsDbSecurityGroup AwsRdsDbSnapshot AwsRdsEventSubscription
AwsRedshiftCluster AwsRoute53HostedZone AwsS3AccessPoint AwsS3AccountPublicAccessBlock AwsS3Bucket AwsS3Object
AwsSageMakerNotebookInstance AwsSecretsManagerSecret AwsSnsTopic AwsSqsQueue AwsSsmPatchCompliance AwsStepFunctionStateMachine
AwsWafRateBasedRule AwsWafRegionalRateBasedRule AwsWafRegionalRule AwsWafRegionalRuleGroup AwsWafRegionalWebAcl AwsWafRule
AwsWafRuleGroup AwsWafWebAcl AwsWafv2RuleGroup AwsWafv2WebAcl AwsXrayEncryptionConfig AwsAccount
AwsEc2VPCBlockPublicAccessOptions AwsEfsFileSystem AwsLogsLogGroup`

func TestEveryTypeOfASFFHasACloudFormationName(t *testing.T) {
	for _, name := range strings.Fields(asffTypes) {
		if got := CloudFormationType(name); !strings.HasPrefix(got, "AWS::") {
			t.Errorf("%s gives %s", name, got)
		}
	}
	for name, want := range map[string]string{
		"AwsElbv2LoadBalancer": "AWS::ElasticLoadBalancingV2::LoadBalancer", "AwsIamPolicy": "AWS::IAM::ManagedPolicy",
		"AWS::ACM::Certificate": "AWS::CertificateManager::Certificate", "AWS::WAFV2::WebACL": "AWS::WAFv2::WebACL",
		"AwsEc2Vpc": "AWS::EC2::VPC", "AwsAccount": AccountType, "Container": "Container", "AwsNew": "AwsNew", "": "",
	} {
		if got := CloudFormationType(name); got != want {
			t.Errorf("%s gives %s, want %s", name, got, want)
		}
	}
}
