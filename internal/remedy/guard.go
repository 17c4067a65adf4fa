package remedy

import (
	"maps"
	"slices"
	"strings"

	"zesei/internal/resource"
)

// optionManaged is the one option that every remedy has: `managed: approve` lets
// a person approve a plan for a resource that is declared in code; the default
// only suggests it, because the next deployment would bring the hole back.
const optionManaged = "managed"

// guardManaged holds a plan back where Terraform or CloudFormation owns the
// resource, and says what to change there.
//
// CloudFormation marks what it makes with aws:cloudformation:* tags (AWS
// CloudFormation User Guide, "Resource tag"). Terraform leaves no mark on most
// resources, so the account's `iac` decides, and an account of which nobody said
// it never fixes by itself.
func guardManaged(p *Plan, req Request) {
	hold := func(tool string, reason Words) {
		p.InCode = codeChanges(p.Remedy, tool, req.With)
		if req.With[optionManaged] == "approve" {
			p.Wait = append(p.Wait, reason)
			return
		}
		p.SuggestOnly = append(p.SuggestOnly, reason)
	}
	stack := stackOf(req.Resource)
	switch {
	case stack != "":
		hold("cloudformation", say("CloudFormation stack %s manages it: change the template", "CloudFormation スタック %s が管理しています。テンプレートを変更してください", stack))
	case req.IaC == "terraform":
		hold("terraform", say("Terraform manages the account: change the code", "このアカウントは Terraform で管理されています。コードを変更してください"))
	case req.Resource.TagsUnread:
		p.SuggestOnly = append(p.SuggestOnly, say("its tags cannot be read, so it may be managed by a CloudFormation stack",
			"タグを読み取れないため、CloudFormation スタックの管理下にある可能性があります"))
	case req.IaC == "none", req.IaC == "cloudformation":
	default:
		p.InCode = codeChanges(p.Remedy, "terraform", req.With)
		p.Wait = append(p.Wait, say("it is not known whether Terraform manages it (set iac: for the account)",
			"Terraform で管理されているか不明です（アカウントに iac: を設定してください）"))
	}
}

// stackOf names the CloudFormation stack that tags say manages the resource, ""
// where none does.
func stackOf(r resource.Resource) string {
	if name := r.Tags["aws:cloudformation:stack-name"]; name != "" {
		return name
	}
	for _, k := range slices.Sorted(maps.Keys(r.Tags)) {
		if strings.HasPrefix(k, "aws:cloudformation:") {
			return r.Tags[k]
		}
	}
	return ""
}

// code holds what to change where a remedy's resource is declared. Attribute
// names are those of the Terraform AWS provider and of the CloudFormation
// resource specification.
var code = map[string][]CodeChange{
	"security-group-ingress": {
		{"terraform", "aws_security_group.ingress", say("take the open ports or cidr_blocks = [\"0.0.0.0/0\"] and ipv6_cidr_blocks = [\"::/0\"] out of the block", "ブロックから公開ポート、または cidr_blocks の 0.0.0.0/0 と ipv6_cidr_blocks の ::/0 を取り除いてください")},
		{"terraform", "aws_vpc_security_group_ingress_rule", say("change from_port, to_port, or cidr_ipv4 / cidr_ipv6", "from_port、to_port、または cidr_ipv4 / cidr_ipv6 を変更してください")},
		{"terraform", "aws_security_group_rule", say("with type = \"ingress\": change from_port, to_port, or the blocks", "type = \"ingress\" の from_port、to_port、または CIDR を変更してください")},
		{"cloudformation", "AWS::EC2::SecurityGroup.SecurityGroupIngress", say("change FromPort, ToPort, or CidrIp / CidrIpv6", "FromPort、ToPort、または CidrIp / CidrIpv6 を変更してください")},
		{"cloudformation", "AWS::EC2::SecurityGroupIngress", say("change FromPort, ToPort, or CidrIp / CidrIpv6", "FromPort、ToPort、または CidrIp / CidrIpv6 を変更してください")},
	},
	"default-security-group": {
		{"terraform", "aws_default_security_group", say("declare it with neither ingress nor egress blocks", "ingress と egress のブロックを持たない形で宣言してください")},
		{"cloudformation", "AWS::EC2::SecurityGroupIngress", say("remove rules whose GroupId is the VPC's DefaultSecurityGroup", "GroupId が VPC の DefaultSecurityGroup であるルールを削除してください")},
	},
	"s3-encryption": {
		{"terraform", "aws_s3_bucket_server_side_encryption_configuration.rule", say("apply_server_side_encryption_by_default with sse_algorithm", "apply_server_side_encryption_by_default の sse_algorithm を設定してください")},
		{"cloudformation", "AWS::S3::Bucket.BucketEncryption", say("ServerSideEncryptionByDefault.SSEAlgorithm", "ServerSideEncryptionByDefault.SSEAlgorithm を設定してください")},
	},
	"s3-versioning": {
		{"terraform", "aws_s3_bucket_versioning.versioning_configuration", say("status = \"Enabled\"", "status = \"Enabled\" にしてください")},
		{"cloudformation", "AWS::S3::Bucket.VersioningConfiguration", say("Status: Enabled", "Status: Enabled にしてください")},
	},
	"s3-public-access-block": {
		{"terraform", "aws_s3_bucket_public_access_block", say("set all four attributes to true", "4 つの属性をすべて true にしてください")},
		{"cloudformation", "AWS::S3::Bucket.PublicAccessBlockConfiguration", say("set all four properties to true", "4 つのプロパティをすべて true にしてください")},
	},
	"s3-account-public-access-block": {
		{"terraform", "aws_s3_account_public_access_block", say("set all four attributes to true", "4 つの属性をすべて true にしてください")},
	},
}

// codeChanges are the attributes to change with a tool. Rules for outbound
// traffic stand under the egress names.
func codeChanges(remedy, tool string, with map[string]string) []CodeChange {
	var out []CodeChange
	for _, c := range code[remedy] {
		if c.Tool != tool {
			continue
		}
		if with[optionDirection] == "outbound" {
			outbound := strings.NewReplacer("ingress", "egress", "Ingress", "Egress")
			c.Attribute = outbound.Replace(c.Attribute)
			c.Words = Words{outbound.Replace(c.Words.EN), outbound.Replace(c.Words.JA)}
		}
		out = append(out, c)
	}
	return out
}
