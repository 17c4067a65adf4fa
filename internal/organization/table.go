package organization

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"zesei/internal/config"
)

// Table reads all items of a DynamoDB table as accounts: each attribute that is
// text, a number or a truth value is a column, which the configuration's row
// maps to fields.
func Table(ctx context.Context, api dynamodb.ScanAPIClient, table string) ([]config.FetchedAccount, error) {
	var out []config.FetchedAccount
	p := dynamodb.NewScanPaginator(api, &dynamodb.ScanInput{TableName: aws.String(table)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading table %s: %w", table, err)
		}
		for _, item := range page.Items {
			columns := map[string]string{}
			for name, v := range item {
				if s, ok := text(v); ok {
					columns[name] = s
				}
			}
			out = append(out, config.FetchedAccount{Columns: columns})
		}
	}
	return out, nil
}

// text is an attribute as text; ok is false for lists, maps and bytes.
func text(v types.AttributeValue) (string, bool) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value, true
	case *types.AttributeValueMemberN:
		return v.Value, true
	case *types.AttributeValueMemberBOOL:
		return strconv.FormatBool(v.Value), true
	}
	return "", false
}
