package awscloud

import "strings"

// The partitions that zesei serves (AWS: "Amazon Resource Names (ARNs)").
const (
	standard = "aws"
	china    = "aws-cn"
	govCloud = "aws-us-gov"
)

// firstRegion is the Region that a partition's global services are reached
// through.
var firstRegion = map[string]string{
	standard: "us-east-1",
	china:    "cn-north-1",
	govCloud: "us-gov-west-1",
}

// Partition names the partition of a Region: aws, aws-cn or aws-us-gov.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return china
	case strings.HasPrefix(region, "us-gov-"):
		return govCloud
	}
	return standard
}

// regionFor turns the Region of a resource into one that can be called: a
// global resource is reached through home.
func regionFor(region, home string) string {
	if region == "" || region == "global" {
		return home
	}
	return region
}
