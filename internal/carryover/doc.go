// Package carryover reads what other systems keep of their policy and turns it
// into zesei's files: tables of responses and of accounts exported from DynamoDB,
// suppression rules in the shape of awsfindingsmanager, and Security Hub
// automation rules.
//
// Read recognises an input by its content and adds what it says to a Result;
// Result writes the parts of policy.yaml and zesei.yaml. What has no equal here is
// listed in LeftOut with the reason. A rule is carried over whole or not at all:
// without one of its conditions it would suppress more than its author meant.
//
// The package asks no cloud and writes no file.
package carryover
