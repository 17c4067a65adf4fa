// Package organization fetches accounts from where a company keeps them: AWS
// Organizations (names, tags, organizational units) and a DynamoDB table.
//
// What it fetches are rows for package config, which joins them with those of
// zesei.yaml. A fetch is whole or an error: an account list that lacks tags or
// units would move findings to other owners. Keeping what was fetched, and using
// it while the source does not answer, is package app's; how fast calls go out
// is the budget of the client's configuration.
package organization

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"zesei/internal/config"
)

// API is what is called of AWS Organizations: *organizations.Client. It answers
// the management account and delegated administrators only.
type API interface {
	organizations.ListAccountsAPIClient
	organizations.ListRootsAPIClient
	organizations.ListOrganizationalUnitsForParentAPIClient
	organizations.ListAccountsForParentAPIClient
	organizations.ListTagsForResourceAPIClient
}

var _ API = (*organizations.Client)(nil)

// Permissions are the IAM actions that Accounts needs.
var Permissions = []string{
	"organizations:ListAccounts", "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent",
	"organizations:ListRoots", "organizations:ListTagsForResource",
}

// Accounts lists the accounts of the organization with their names, tags and
// the path of their organizational unit ("Root/Prod/Shop"). The tree of units is
// walked from its root, which costs two calls a unit; asking for each account's
// parents would cost several an account.
func Accounts(ctx context.Context, api API) ([]config.FetchedAccount, error) {
	units, err := units(ctx, api)
	if err != nil {
		return nil, err
	}
	var out []config.FetchedAccount
	p := organizations.NewListAccountsPaginator(api, &organizations.ListAccountsInput{})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the organization's accounts: %w", err)
		}
		for _, a := range page.Accounts {
			tags, err := tags(ctx, api, aws.ToString(a.Id))
			if err != nil {
				return nil, err
			}
			out = append(out, config.FetchedAccount{
				ID: aws.ToString(a.Id), Name: aws.ToString(a.Name), OU: units[aws.ToString(a.Id)], Tags: tags,
				Columns: map[string]string{"email": aws.ToString(a.Email), "status": string(a.State)},
			})
		}
	}
	return out, nil
}

func tags(ctx context.Context, api API, account string) (map[string]string, error) {
	tags := map[string]string{}
	p := organizations.NewListTagsForResourcePaginator(api, &organizations.ListTagsForResourceInput{ResourceId: aws.String(account)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the tags of account %s: %w", account, err)
		}
		for _, t := range page.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return tags, nil
}

// units gives the path of the unit of each account.
func units(ctx context.Context, api API) (map[string]string, error) {
	byAccount := map[string]string{}
	p := organizations.NewListRootsPaginator(api, &organizations.ListRootsInput{})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("finding the organization's root: %w", err)
		}
		for _, r := range page.Roots {
			if err := walk(ctx, api, unit{aws.ToString(r.Id), aws.ToString(r.Name)}, byAccount); err != nil {
				return nil, err
			}
		}
	}
	return byAccount, nil
}

type unit struct{ id, path string }

// walk notes the accounts of a unit and of those below it. Units nest five deep
// at most (Organizations quotas).
func walk(ctx context.Context, api API, u unit, byAccount map[string]string) error {
	accounts := organizations.NewListAccountsForParentPaginator(api, &organizations.ListAccountsForParentInput{ParentId: aws.String(u.id)})
	for accounts.HasMorePages() {
		page, err := accounts.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing the accounts of unit %s: %w", u.path, err)
		}
		for _, a := range page.Accounts {
			byAccount[aws.ToString(a.Id)] = u.path
		}
	}
	below, err := children(ctx, api, u)
	if err != nil {
		return err
	}
	for _, c := range below {
		if err := walk(ctx, api, unit{aws.ToString(c.Id), u.path + "/" + aws.ToString(c.Name)}, byAccount); err != nil {
			return err
		}
	}
	return nil
}

func children(ctx context.Context, api API, u unit) ([]types.OrganizationalUnit, error) {
	var out []types.OrganizationalUnit
	p := organizations.NewListOrganizationalUnitsForParentPaginator(api, &organizations.ListOrganizationalUnitsForParentInput{ParentId: aws.String(u.id)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the units below %s: %w", u.path, err)
		}
		out = append(out, page.OrganizationalUnits...)
	}
	return out, nil
}
