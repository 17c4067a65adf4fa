package finding

import "strings"

// arn is an Amazon Resource Name taken apart ("Amazon Resource Names (ARNs)",
// AWS General Reference).
type arn struct {
	partition, service, region, account, resource string
}

// parseARN takes an ARN apart; ok is false for anything else.
func parseARN(s string) (a arn, ok bool) {
	if len(s) < 4 || !strings.EqualFold(s[:4], "arn:") {
		return a, false
	}
	rest := s[4:]
	for _, part := range [...]*string{&a.partition, &a.service, &a.region, &a.account} {
		i := strings.IndexByte(rest, ':')
		if i < 0 {
			return arn{}, false
		}
		*part, rest = rest[:i], rest[i+1:]
	}
	a.resource = rest
	a.partition, a.service, a.region = strings.ToLower(a.partition), strings.ToLower(a.service), strings.ToLower(a.region)
	return a, a.partition != "" && a.service != "" && a.resource != ""
}

func (a arn) String() string {
	return "arn:" + a.partition + ":" + a.service + ":" + a.region + ":" + a.account + ":" + a.resource
}

// AccountARN is the canonical ARN of an account as a resource: that of its root,
// arn:aws:iam::111122223333:root, the one ARN that AWS prints for an account in
// policies and findings alike.
func AccountARN(partition, account string) string {
	return "arn:" + partition + ":iam::" + account + ":root"
}

// Place is where a resource was said to be, for ids that do not say it.
type Place struct {
	Partition string // aws, aws-cn, aws-us-gov
	Account   string // 12 digits
	Region    string
}

// CanonicalARN gives a resource the one ARN under which its cases are kept,
// from its type (in any spelling, see CloudFormationType) and the id that a
// source prints, which may be an ARN, a bare id (sg-…, a bucket's name) or AWS
// Config's "AWS::::Account:111122223333".
//
// Partition, service and Region are in lower case. A bucket's ARN carries no
// account, a function's no version or alias, a log group's no ":*". An account
// is its root's ARN. A thing for which AWS defines no ARN gets one of the same
// shape under its service's name (an access key: arn:aws:iam::…:access-key/AKIA…),
// and a thing of unknown type one under the service "other": these are names of
// ours and must not be sent to AWS.
func CanonicalARN(resourceType, id string, at Place) string {
	kind := CloudFormationType(resourceType)
	if a, ok := parseARN(id); ok {
		return a.canonical(kind, at)
	}
	if strings.HasPrefix(id, "AWS::") {
		// Security Hub prints AWS Config's type before an id that is no ARN.
		if i := strings.LastIndexByte(id, ':'); i > 0 && i+1 < len(id) && strings.Count(id[:i], ":") >= 4 {
			named := strings.TrimSuffix(id[:i], ":")
			if known := CloudFormationType(named); known == AccountType || resourceTypes[known].service != "" {
				kind = known
			}
			id = id[i+1:]
		}
	}
	switch {
	case kind == AccountType && isAccount(id), isAccount(id) && resourceTypes[kind].service == "":
		return AccountARN(at.Partition, id)
	case kind == AccountType:
		return AccountARN(at.Partition, at.Account)
	case kind == "AWS::SQS::Queue":
		if i := strings.LastIndexByte(id, '/'); i >= 0 { // a queue's URL
			id = id[i+1:]
		}
	}
	f, known := resourceTypes[kind]
	if !known {
		if byID, ok := ec2Kind(id); ok {
			f = form{service: "ec2", prefix: byID}
		} else {
			f = unknownForm(kind)
		}
	}
	a := arn{partition: at.Partition, service: f.service, region: at.Region, account: at.Account, resource: f.prefix + strings.TrimPrefix(id, f.prefix)}
	switch f.place {
	case global:
		a.region = ""
	case nowhere:
		a.region, a.account = "", ""
	}
	return a.String()
}

func (a arn) canonical(kind string, at Place) string {
	switch a.service {
	case "s3":
		switch kind {
		case "AWS::S3::Bucket", "AWS::S3::Object":
			a.region, a.account = "", ""
			a.resource = strings.TrimPrefix(a.resource, "bucket/")
		}
	case "lambda":
		if rest, ok := strings.CutPrefix(a.resource, "function:"); ok {
			name, _, _ := strings.Cut(rest, ":")
			a.resource = "function:" + name
		}
	case "logs":
		a.resource = strings.TrimSuffix(a.resource, ":*")
	case "ec2":
		// Inspector Classic and old samples print an instance without its kind.
		if !strings.ContainsAny(a.resource, "/:") {
			if prefix, ok := ec2Kind(a.resource); ok {
				a.resource = prefix + a.resource
			}
		}
	case "organizations":
		if i := strings.LastIndexByte(a.resource, '/'); kind == AccountType && isAccount(a.resource[i+1:]) {
			return AccountARN(a.partition, a.resource[i+1:])
		}
	}
	if kind == AccountType {
		if isAccount(a.account) {
			return AccountARN(a.partition, a.account)
		}
		return AccountARN(at.Partition, at.Account)
	}
	return a.String()
}

// ec2Kind knows an EC2 id by its prefix ("Resource IDs", EC2 user guide).
func ec2Kind(id string) (prefix string, ok bool) {
	i := strings.IndexByte(id, '-')
	if i <= 0 || i+1 == len(id) {
		return "", false
	}
	for _, c := range id[i+1:] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return "", false
		}
	}
	switch id[:i] {
	case "sg":
		return "security-group/", true
	case "i":
		return "instance/", true
	case "vpc":
		return "vpc/", true
	case "subnet":
		return "subnet/", true
	case "vol":
		return "volume/", true
	case "eni":
		return "network-interface/", true
	case "acl":
		return "network-acl/", true
	case "rtb":
		return "route-table/", true
	case "igw":
		return "internet-gateway/", true
	case "nat":
		return "natgateway/", true
	case "eipalloc":
		return "elastic-ip/", true
	case "snap":
		return "snapshot/", true
	case "ami":
		return "image/", true
	case "vpce":
		return "vpc-endpoint/", true
	case "tgw":
		return "transit-gateway/", true
	case "lt":
		return "launch-template/", true
	}
	return "", false
}

// unknownForm names a thing of a type that is not in the table: AWS::Foo::Bar
// and an id become foo:…:bar/id.
func unknownForm(kind string) form {
	if rest, ok := strings.CutPrefix(kind, "AWS::"); ok {
		if service, name, ok := strings.Cut(rest, "::"); ok && service != "" && name != "" {
			return form{service: strings.ToLower(service), prefix: strings.ToLower(name) + "/"}
		}
	}
	return form{service: "other", prefix: strings.ToLower(kind) + "/"}
}

// isAccount says whether s is an AWS account id: 12 digits.
func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isRegion says whether s has the shape of a Region's code, in lower case:
// ap-northeast-1, us-gov-west-1, cn-north-1.
func isRegion(s string) bool {
	dash := strings.LastIndexByte(s, '-')
	if len(s) < 6 || len(s) > 32 || dash < 0 || dash+1 >= len(s) || len(s)-dash > 3 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c == '-' || c >= '0' && c <= '9') {
			return false
		}
	}
	for _, c := range s[dash+1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return strings.IndexByte(s, '-') >= 2 && strings.Count(s, "-") >= 2
}

// partitionOf derives the partition from a Region where nothing says it.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
