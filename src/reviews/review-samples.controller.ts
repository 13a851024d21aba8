import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentPerson } from '../access/actor.ts';
import { invalid } from '../platform/http/validation.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import {
  DrawnReviewResponse,
  DrawSampleRequest,
  RecordSecondLookRequest,
  SampleParams,
  SampleResponse,
} from './review-samples.dto.ts';
import { ReviewSamples } from './review-samples.service.ts';
import { toDrawnReviewResponse, toSampleResponse } from './review.mapper.ts';

@ApiTags('Reviews')
@Controller('v1/reviews/samples')
export class ReviewSamplesController {
  constructor(private readonly samples: ReviewSamples) {}

  /**
   * Draws decided reviews for a second look.
   * @remarks What there is to draw from and a random seed are written to the audit log first; the draw follows
   * from them, so nobody can steer it and whoever has the log can repeat it.
   */
  @Post()
  @RequireScope('reviews:write')
  @ApiOnBehalfOf('required')
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED')
  async drawSample(
    @Body() { from, to, size, percent }: DrawSampleRequest,
    @CurrentPerson() person: Actor,
  ): Promise<SampleResponse> {
    return toSampleResponse(await this.samples.draw(from, to, wantedOf(size, percent), person));
  }

  /** Shows a sample, drawn again from its audit entry, with what second looks came to. */
  @Get(':id')
  @RequireScope('reviews:write')
  @ApiProblems('VALIDATION_FAILED', 'SAMPLE_NOT_FOUND')
  async getSample(@Param() { id }: SampleParams): Promise<SampleResponse> {
    return toSampleResponse(await this.samples.getOrThrow(id));
  }

  /**
   * Records what a second look at a drawn review came to, in the name of a person who had not decided it.
   * @remarks Once for each review of a sample. The session stays as it is.
   */
  @Post(':id/outcomes')
  @RequireScope('reviews:write')
  @ApiOnBehalfOf('required')
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'FOUR_EYES', 'SAMPLE_NOT_FOUND'] as const),
    ...(['LOOKED_AT_ALREADY', 'PERSONAL_DATA_ERASED'] as const),
  )
  async recordSecondLook(
    @Param() { id }: SampleParams,
    @Body() { index, agrees, comment }: RecordSecondLookRequest,
    @CurrentPerson() person: Actor,
  ): Promise<DrawnReviewResponse> {
    return toDrawnReviewResponse(await this.samples.record(id, index, { agrees, comment }, person));
  }
}

function wantedOf(size: number | undefined, percent: number | undefined) {
  if (size !== undefined && percent === undefined) return { size };
  if (percent !== undefined && size === undefined) return { percent };
  throw invalid([{ path: 'size', message: 'must be given, or percent in its place' }]);
}
