package organization

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/google/go-cmp/cmp"

	"zesei/internal/config"
	"zesei/internal/fake"
	"zesei/internal/fake/mototest"
)

func client(t *testing.T, cloud *fake.Cloud, keys fake.Keys) *organizations.Client {
	t.Helper()
	s := httptest.NewServer(cloud)
	t.Cleanup(s.Close)
	return organizations.NewFromConfig(aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(s.URL), RetryMaxAttempts: 2,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""),
	})
}

func TestThreeHundredAccountsComeWithNamesTagsAndUnits(t *testing.T) {
	cloud := fake.NewCloud(fake.Options{})
	keys := cloud.AddAccount(fake.Account{ID: "999988887777", Name: "management"})
	for i := range 300 {
		cloud.AddAccount(fake.Account{
			ID: fmt.Sprintf("%012d", 100000000000+i), Name: fmt.Sprintf("team-%d", i), OU: []string{"Prod/Shop", "Prod", "Sandbox"}[i%3],
			Tags: map[string]string{"Team": fmt.Sprint("t", i%7)},
		})
	}
	cloud.Organize("999988887777")
	got, err := Accounts(t.Context(), client(t, cloud, keys))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 301 {
		t.Fatalf("%d accounts", len(got))
	}
	for _, a := range got {
		if a.ID != "100000000003" {
			continue
		}
		want := config.FetchedAccount{
			ID: a.ID, Name: "team-3", OU: "Root/Prod/Shop", Tags: map[string]string{"Team": "t3"},
			Columns: map[string]string{"email": "team-3@example.com", "status": "ACTIVE"},
		}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if n := cloud.Journal().Count(fake.Query{Operation: "ListAccounts"}); n != 16 {
		t.Errorf("%d pages of accounts, want 16", n)
	}
	if n := cloud.Journal().Count(fake.Query{Operation: "ListOrganizationalUnitsForParent"}); n != 4 {
		t.Errorf("%d calls for units, want one each", n)
	}
}

func TestAFetchIsWholeOrAnError(t *testing.T) {
	cloud := fake.NewCloud(fake.Options{})
	keys := cloud.AddAccount(fake.Account{ID: "999988887777"})
	cloud.Organize("999988887777")
	api := client(t, cloud, keys)
	for _, operation := range []string{"ListAccounts", "ListRoots", "ListTagsForResource", "ListAccountsForParent", "ListOrganizationalUnitsForParent"} {
		lift := cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: operation})
		if got, err := Accounts(t.Context(), api); err == nil || got != nil {
			t.Errorf("%s refused: got %d accounts, %v", operation, len(got), err)
		}
		lift()
	}
}

// The twin has no DynamoDB; the emulator does.
func TestATableOfAccounts(t *testing.T) {
	endpoint := mototest.Start(t)
	api := dynamodb.NewFromConfig(aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	_, err := api.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("accounts"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("AccountId"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("AccountId"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("accounts"), Item: map[string]types.AttributeValue{
		"AccountId": &types.AttributeValueMemberS{Value: "111122223333"}, "Tantou": &types.AttributeValueMemberS{Value: "shop"},
		"Rank": &types.AttributeValueMemberN{Value: "3"}, "Prod": &types.AttributeValueMemberBOOL{Value: true}, "Raw": &types.AttributeValueMemberB{Value: []byte{1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Table(t.Context(), api, "accounts")
	if err != nil {
		t.Fatal(err)
	}
	want := []config.FetchedAccount{{Columns: map[string]string{"AccountId": "111122223333", "Tantou": "shop", "Rank": "3", "Prod": "true"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Table(t.Context(), api, "nothing"); err == nil {
		t.Error("a table that is not there was read")
	}
}
