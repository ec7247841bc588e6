/** The host's two modules that an extension may import. */

declare module "*/scripts/app.js" {
  export const app: any;
}

declare module "*/scripts/api.js" {
  export const api: {
    fetchApi(route: string): Promise<Response>;
    addEventListener(event: string, listener: (event: CustomEvent) => void): void;
  };
}
